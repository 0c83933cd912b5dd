// y = softmax(q kᵀ / √d) v for each head, with the log of each row's sum of exponentials: level 1. A warp has one query and goes over the keys,
// 32 at a time: a lane computes one key's product; then lanes share out the head's channels. The softmax is that of Milakov & Gimelshein
// 2018: sums so far are rescaled when the maximum grows. Any length; any head size whose 16 rows fit in shared memory.
// Traffic: every query reads all keys and values, from the L2 cache. Bound by its bandwidth: an operation for each byte in float32.
#include "attention_v1.cuh"

namespace sirocco::attention_v1 {

template <typename T>
__device__ __forceinline__ void forward(const T* q, const T* k, const T* v, int length, int c, int d, T* y, float* logSumExp) {
    SIROCCO_DYNAMIC_SHARED(float, shared);
    Row r(length, c, d);
    if (r.row >= length) {
        return;
    }
    float* query = shared + 2 * r.warp * d;
    float* sum = query + d;
    copy(query, q + r.head + static_cast<size_t>(r.row) * c, d, r.lane);
    clear(sum, d, r.lane);
    __syncwarp();
    float scale = 1.0f / sqrtf(static_cast<float>(d));
    float largest = -INFINITY;
    float total = 0.0f;
    for (int first = 0; first < length; first += 32) {
        int key = first + r.lane;
        float logit = key < length ? scale * dot(query, k + r.head + static_cast<size_t>(key) * c, d) : -INFINITY;
        float before = largest;
        largest = fmaxf(largest, warp_max(logit));
        float weight = expf(logit - largest);
        float shrink = expf(before - largest);
        total = total * shrink + warp_sum(weight);
        for (int e = r.lane; e < d; e += 32) {
            sum[e] *= shrink;
        }
        int keys = min(32, length - first);
        for (int j = 0; j < keys; j++) {
            float w = __shfl_sync(ALL_LANES, weight, j);
            const T* value = v + r.head + static_cast<size_t>(first + j) * c;
            for (int e = r.lane; e < d; e += 32) {
                sum[e] += w * to_float(value[e]);
            }
        }
    }
    T* to = y + r.head + static_cast<size_t>(r.row) * c;
    for (int e = r.lane; e < d; e += 32) {
        to[e] = from_float<T>(sum[e] / total);
    }
    if (r.lane == 0) {
        logSumExp[r.line + r.row] = largest + logf(total);
    }
}

}  // namespace sirocco::attention_v1

#define KERNEL(T, name)                                                                                                \
    SIROCCO_KERNEL(256, 2)                                                                                             \
    void name(const T* q, const T* k, const T* v, int length, int c, int d, T* y, float* logSumExp) {                  \
        sirocco::take_turn();                                                                                          \
        sirocco::attention_v1::forward(q, k, v, length, c, d, y, logSumExp);                                           \
    }

KERNEL(float, attention_v1_f32)
KERNEL(sirocco::bf16, attention_v1_bf16)
