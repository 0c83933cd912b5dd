// Gradients of attention (Dao et al. 2022, algorithm 4): level 1. With P = exp(S − logSumExp), D = rowsum(dy ∘ y), dP = dy vᵀ and dS = P ∘ (dP − D):
// dq = dS k / √d by a warp for each query, which also keeps D; then dk = dSᵀ q / √d and dv = Pᵀ dy by a warp for each key. Products are computed
// twice, so that every sum has one owner and a fixed order.
// Traffic and bound: as attention_v1, every row reading four tensors of its head from the L2 cache.
#include "attention_v1.cuh"

namespace sirocco::attention_v1 {

template <typename T>
__device__ __forceinline__ void backward_q(const T* q, const T* k, const T* v, const T* y, const float* logSumExp, const T* dy, int length, int c, int d,
                                           T* dq, float* rowSums) {
    SIROCCO_DYNAMIC_SHARED(float, shared);
    Row r(length, c, d);
    if (r.row >= length) {
        return;
    }
    float* query = shared + 3 * r.warp * d;
    float* gradient = query + d;
    float* sum = gradient + d;
    size_t here = r.head + static_cast<size_t>(r.row) * c;
    copy(query, q + here, d, r.lane);
    copy(gradient, dy + here, d, r.lane);
    clear(sum, d, r.lane);
    float own = 0.0f;
    for (int e = r.lane; e < d; e += 32) {
        own += gradient[e] * to_float(y[here + e]);
    }
    own = warp_sum(own);
    if (r.lane == 0) {
        rowSums[r.line + r.row] = own;
    }
    __syncwarp();
    float scale = 1.0f / sqrtf(static_cast<float>(d));
    float lse = logSumExp[r.line + r.row];
    for (int first = 0; first < length; first += 32) {
        int key = first + r.lane;
        float ds = 0.0f;
        if (key < length) {
            size_t there = r.head + static_cast<size_t>(key) * c;
            float p = expf(scale * dot(query, k + there, d) - lse);
            ds = p * (dot(gradient, v + there, d) - own) * scale;
        }
        int keys = min(32, length - first);
        for (int j = 0; j < keys; j++) {
            float w = __shfl_sync(ALL_LANES, ds, j);
            const T* row = k + r.head + static_cast<size_t>(first + j) * c;
            for (int e = r.lane; e < d; e += 32) {
                sum[e] += w * to_float(row[e]);
            }
        }
    }
    for (int e = r.lane; e < d; e += 32) {
        dq[here + e] = from_float<T>(sum[e]);
    }
}

template <typename T>
__device__ __forceinline__ void backward_kv(const T* q, const T* k, const T* v, const float* logSumExp, const T* dy, const float* rowSums, int length,
                                            int c, int d, T* dk, T* dv) {
    SIROCCO_DYNAMIC_SHARED(float, shared);
    Row r(length, c, d);
    if (r.row >= length) {
        return;
    }
    float* key = shared + 4 * r.warp * d;
    float* value = key + d;
    float* keySum = value + d;
    float* valueSum = keySum + d;
    size_t here = r.head + static_cast<size_t>(r.row) * c;
    copy(key, k + here, d, r.lane);
    copy(value, v + here, d, r.lane);
    clear(keySum, d, r.lane);
    clear(valueSum, d, r.lane);
    __syncwarp();
    float scale = 1.0f / sqrtf(static_cast<float>(d));
    for (int first = 0; first < length; first += 32) {
        int query = first + r.lane;
        float p = 0.0f;
        float ds = 0.0f;
        if (query < length) {
            size_t there = r.head + static_cast<size_t>(query) * c;
            p = expf(scale * dot(key, q + there, d) - logSumExp[r.line + query]);
            ds = p * (dot(value, dy + there, d) - rowSums[r.line + query]) * scale;
        }
        int queries = min(32, length - first);
        for (int i = 0; i < queries; i++) {
            float weight = __shfl_sync(ALL_LANES, p, i);
            float slope = __shfl_sync(ALL_LANES, ds, i);
            size_t there = r.head + static_cast<size_t>(first + i) * c;
            for (int e = r.lane; e < d; e += 32) {
                valueSum[e] += weight * to_float(dy[there + e]);
                keySum[e] += slope * to_float(q[there + e]);
            }
        }
    }
    for (int e = r.lane; e < d; e += 32) {
        dk[here + e] = from_float<T>(keySum[e]);
        dv[here + e] = from_float<T>(valueSum[e]);
    }
}

}  // namespace sirocco::attention_v1

#define KERNELS(T, suffix)                                                                                                                  \
    SIROCCO_KERNEL(256, 2)                                                                                                                  \
    void attention_backward_q_v1_##suffix(const T* q, const T* k, const T* v, const T* y, const float* logSumExp, const T* dy, int length,  \
                                          int c, int d, T* dq, float* rowSums) {                                                            \
        sirocco::take_turn();                                                                                                               \
        sirocco::attention_v1::backward_q(q, k, v, y, logSumExp, dy, length, c, d, dq, rowSums);                                            \
    }                                                                                                                                       \
    SIROCCO_KERNEL(256, 2)                                                                                                                  \
    void attention_backward_kv_v1_##suffix(const T* q, const T* k, const T* v, const float* logSumExp, const T* dy, const float* rowSums,   \
                                           int length, int c, int d, T* dk, T* dv) {                                                        \
        sirocco::take_turn();                                                                                                               \
        sirocco::attention_v1::backward_kv(q, k, v, logSumExp, dy, rowSums, length, c, d, dk, dv);                                          \
    }

KERNELS(float, f32)
KERNELS(sirocco::bf16, bf16)
