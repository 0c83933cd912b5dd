// y = softmax(q kᵀ / √d) v for each head, with the log of each row's sum of exponentials: level 2, float32 by tiles in shared memory and registers.
// A block has 64 queries; tiles of keys and values come by, the one on its way (cp.async) while the other is multiplied. The softmax is online
// (Milakov & Gimelshein 2018). Heads are padded with zeros to 32, 64, 128 or 256.
// Traffic: reads q once; k and v once for 64 queries, all but the first time from the L2 cache; writes y. 256 operations for each element of k
// and v: bound by float32 arithmetic, not far from shared memory: at 64 keys 8 float4 for 64 multiply-adds in both products.
#include "attention_v2.cuh"

namespace sirocco::attention_v2 {

template <int D>
__device__ __forceinline__ void forward(const float* q, const float* k, const float* v, int length, int c, int d, float* y, float* logSumExp) {
    constexpr int R = 4;
    constexpr int C = D > 128 ? 2 : 4;
    constexpr int ROWS = SIDE * R;
    constexpr int KEYS = SIDE * C;
    SIROCCO_DYNAMIC_SHARED(float, shared);
    Tile<float, D> queries{shared};
    Tile<float, D> keys{shared + ROWS * D};
    Tile<float, D> values{shared + (ROWS + KEYS) * D};
    float* weights = shared + (ROWS + 2 * KEYS) * D;
    Head head(length, c, d);
    int first = blockIdx.x * ROWS;
    queries.template load_rows<ROWS, THREADS>(q + head.start, first, length, c, d);
    keys.template load_rows<KEYS, THREADS>(k + head.start, 0, length, c, d);
    float scale = 1.0f / sqrtf(static_cast<float>(d));
    Rows<R, D> sum;
    float largest[R], total[R];
#pragma unroll
    for (int i = 0; i < R; i++) {
        largest[i] = -INFINITY;
        total[i] = 0.0f;
    }
    for (int key = 0; key < length; key += KEYS) {
        ptx::cp_async_wait_all();
        __syncthreads();  // keys have come, and nobody reads the last values any more
        values.template load_rows<KEYS, THREADS>(v + head.start, key, length, c, d);
        float s[R][C];
        product(s, queries, keys);
#pragma unroll
        for (int i = 0; i < R; i++) {
            float before = largest[i];
#pragma unroll
            for (int j = 0; j < C; j++) {
                s[i][j] = key + thread_x() + SIDE * j < length ? s[i][j] * scale : -INFINITY;
                largest[i] = fmaxf(largest[i], s[i][j]);
            }
            largest[i] = row_max(largest[i]);
            float shrink = expf(before - largest[i]);
            total[i] *= shrink;
#pragma unroll
            for (int j = 0; j < C; j++) {
                s[i][j] = expf(s[i][j] - largest[i]);
                total[i] += s[i][j];
            }
#pragma unroll
            for (int j = 0; j < Rows<R, D>::COUNT; j++) {
#pragma unroll
                for (int w = 0; w < WIDTH<D>; w++) {
                    sum.at[i][j][w] *= shrink;
                }
            }
        }
        pass(weights, s);
        ptx::cp_async_wait_all();
        __syncthreads();  // values have come, and nobody reads the keys any more
        if (key + KEYS < length) {
            keys.template load_rows<KEYS, THREADS>(k + head.start, key + KEYS, length, c, d);
        }
        accumulate<R, C>(sum, weights, values);
    }
#pragma unroll
    for (int i = 0; i < R; i++) {
        total[i] = row_sum(total[i]);
        store_row(sum, i, 1.0f / total[i], y + head.start, first, length, c, d);
        int row = first + thread_y() + SIDE * i;
        if (thread_x() == 0 && row < length) {
            logSumExp[head.line + row] = largest[i] + logf(total[i]);
        }
    }
}

}  // namespace sirocco::attention_v2

#define KERNEL(D)                                                                                                                                       \
    SIROCCO_KERNEL(256, 1)                                                                                                                              \
    void attention_v2_d##D##_f32(const float* q, const float* k, const float* v, int length, int c, int d, float* y, float* logSumExp) {                \
        sirocco::take_turn();                                                                                                                           \
        sirocco::attention_v2::forward<D>(q, k, v, length, c, d, y, logSumExp);                                                                         \
    }

KERNEL(32)
KERNEL(64)
KERNEL(128)
KERNEL(256)
