// Gradients of attention (Dao et al. 2022, algorithm 4): level 2, float32 by tiles. With P = exp(S − logSumExp), D = rowsum(dy ∘ y), dP = dy vᵀ
// and dS = P ∘ (dP − D): dq = dS k / √d by a tile of queries a block, keys coming by; then dk = dSᵀ q / √d and dv = Pᵀ dy by a tile of keys a block,
// queries coming by. S and dP are computed twice, and every sum has one owner and a fixed order.
// Traffic: a block reads its own rows of its tensors once and the others' all, from the L2 cache after the first time. 14 operations for each
// pair of rows and channel: bound by float32 arithmetic; heads of 256, whose tiles have half the rows, by shared memory.
#include "attention_v2.cuh"

namespace sirocco::attention_v2 {

/** Rows and columns of a product that a thread has. */
template <int D> constexpr int SPAN = D > 128 ? 2 : 4;

template <int D>
__device__ __forceinline__ void backward_q(const float* q, const float* k, const float* v, const float* logSumExp, const float* dy, const float* rowSums,
                                           int length, int c, int d, float* dq) {
    constexpr int R = SPAN<D>;
    constexpr int ROWS = SIDE * R;
    SIROCCO_DYNAMIC_SHARED(float, shared);
    Tile<float, D> queries{shared};
    Tile<float, D> slopes{shared + ROWS * D};
    Tile<float, D> keys{shared + 2 * ROWS * D};
    Tile<float, D> values{shared + 3 * ROWS * D};
    float* gradients = shared + 4 * ROWS * D;
    Head head(length, c, d);
    int first = blockIdx.x * ROWS;
    queries.template load_rows<ROWS, THREADS>(q + head.start, first, length, c, d);
    slopes.template load_rows<ROWS, THREADS>(dy + head.start, first, length, c, d);
    float scale = 1.0f / sqrtf(static_cast<float>(d));
    float lse[R], own[R];
#pragma unroll
    for (int i = 0; i < R; i++) {
        int row = first + thread_y() + SIDE * i;
        lse[i] = row < length ? logSumExp[head.line + row] : INFINITY;  // beyond the end P is 0
        own[i] = row < length ? rowSums[head.line + row] : 0.0f;
    }
    Rows<R, D> sum;
    for (int key = 0; key < length; key += ROWS) {
        keys.template load_rows<ROWS, THREADS>(k + head.start, key, length, c, d);
        ptx::cp_async_commit();
        values.template load_rows<ROWS, THREADS>(v + head.start, key, length, c, d);
        ptx::cp_async_commit();
        ptx::cp_async_wait<1>();
        __syncthreads();
        float s[R][R], dp[R][R];
        product(s, queries, keys);
        ptx::cp_async_wait<0>();
        __syncthreads();
        product(dp, slopes, values);
#pragma unroll
        for (int i = 0; i < R; i++) {
#pragma unroll
            for (int j = 0; j < R; j++) {
                float p = key + thread_x() + SIDE * j < length ? expf(s[i][j] * scale - lse[i]) : 0.0f;
                s[i][j] = p * (dp[i][j] - own[i]);
            }
        }
        pass(gradients, s);
        accumulate<R, R>(sum, gradients, keys);
        __syncthreads();
    }
#pragma unroll
    for (int i = 0; i < R; i++) {
        store_row(sum, i, scale, dq + head.start, first, length, c, d);
    }
}

template <int D>
__device__ __forceinline__ void backward_kv(const float* q, const float* k, const float* v, const float* logSumExp, const float* dy, const float* rowSums,
                                            int length, int c, int d, float* dk, float* dv) {
    constexpr int R = SPAN<D>;
    constexpr int ROWS = SIDE * R;
    SIROCCO_DYNAMIC_SHARED(float, shared);
    Tile<float, D> keys{shared};
    Tile<float, D> values{shared + ROWS * D};
    Tile<float, D> queries{shared + 2 * ROWS * D};
    Tile<float, D> slopes{shared + 3 * ROWS * D};
    float* weights = shared + 4 * ROWS * D;
    Head head(length, c, d);
    int first = blockIdx.x * ROWS;
    keys.template load_rows<ROWS, THREADS>(k + head.start, first, length, c, d);
    values.template load_rows<ROWS, THREADS>(v + head.start, first, length, c, d);
    float scale = 1.0f / sqrtf(static_cast<float>(d));
    Rows<R, D> keySum, valueSum;
    for (int query = 0; query < length; query += ROWS) {
        queries.template load_rows<ROWS, THREADS>(q + head.start, query, length, c, d);
        ptx::cp_async_commit();
        slopes.template load_rows<ROWS, THREADS>(dy + head.start, query, length, c, d);
        ptx::cp_async_commit();
        ptx::cp_async_wait<1>();
        __syncthreads();
        float p[R][R], dp[R][R];
        product(p, keys, queries);
        ptx::cp_async_wait<0>();
        __syncthreads();
        product(dp, values, slopes);
#pragma unroll
        for (int j = 0; j < R; j++) {
            int row = query + thread_x() + SIDE * j;
            float lse = row < length ? logSumExp[head.line + row] : INFINITY;  // beyond the end P is 0
            float own = row < length ? rowSums[head.line + row] : 0.0f;
#pragma unroll
            for (int i = 0; i < R; i++) {
                p[i][j] = expf(p[i][j] * scale - lse);
                dp[i][j] = p[i][j] * (dp[i][j] - own);
            }
        }
        pass(weights, p);
        accumulate<R, R>(valueSum, weights, slopes);
        pass(weights, dp);
        accumulate<R, R>(keySum, weights, queries);
        __syncthreads();
    }
#pragma unroll
    for (int i = 0; i < R; i++) {
        store_row(keySum, i, scale, dk + head.start, first, length, c, d);
        store_row(valueSum, i, 1.0f, dv + head.start, first, length, c, d);
    }
}

}  // namespace sirocco::attention_v2

#define KERNELS(D)                                                                                                                                      \
    SIROCCO_KERNEL(256, 1)                                                                                                                              \
    void attention_backward_q_v2_d##D##_f32(const float* q, const float* k, const float* v, const float* logSumExp, const float* dy,                    \
                                            const float* rowSums, int length, int c, int d, float* dq) {                                                \
        sirocco::take_turn();                                                                                                                           \
        sirocco::attention_v2::backward_q<D>(q, k, v, logSumExp, dy, rowSums, length, c, d, dq);                                                        \
    }                                                                                                                                                   \
    SIROCCO_KERNEL(256, 1)                                                                                                                              \
    void attention_backward_kv_v2_d##D##_f32(const float* q, const float* k, const float* v, const float* logSumExp, const float* dy,                   \
                                             const float* rowSums, int length, int c, int d, float* dk, float* dv) {                                    \
        sirocco::take_turn();                                                                                                                           \
        sirocco::attention_v2::backward_kv<D>(q, k, v, logSumExp, dy, rowSums, length, c, d, dk, dv);                                                   \
    }

KERNELS(32)
KERNELS(64)
KERNELS(128)
KERNELS(256)
