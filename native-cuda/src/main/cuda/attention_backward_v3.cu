// Gradients of attention (Dao et al. 2022, algorithm 4): level 3, tensor cores. With P = exp(S − logSumExp), D = rowsum(dy ∘ y), dP = dy vᵀ and
// dS = P ∘ (dP − D): dq = dS k / √d by 64 queries a block, keys coming by; dk = dSᵀ q / √d and dv = Pᵀ dy by 64 keys a block, queries coming by,
// with S and dP transposed, so that again a result is the next product's operand. S and dP are computed twice, and every sum has one owner
// and a fixed order. A head of 256 has too many sums for a thread: there two warps share 16 keys, each with half of the
// queries for S and dP and half of the channels for dk and dv, and pass each other P and dS through shared memory.
// Traffic: a block reads its own 64 rows of its tensors once and the others' all, from the L2 cache after the first time. 14 operations for each
// pair of rows and channel, where 10 would do: bound by the tensor cores, and by shared memory as attention_v3 is.
#include "attention_mma.cuh"

namespace sirocco::attention_backward_v3 {

using namespace sirocco::attention;

constexpr int ROWS = 64;
constexpr int WARPS = ROWS / 16;

/** Rows that come by at once. */
template <int D> constexpr int PASSING = D > 128 ? 32 : 64;

template <typename T, int D>
__device__ __forceinline__ void backward_q(const T* q, const T* k, const T* v, const float* logSumExp, const T* dy, const float* rowSums, int length, int c,
                                           int d, T* dq) {
    constexpr int THREADS = 32 * WARPS;
    constexpr int KEYS = PASSING<D>;
    SIROCCO_DYNAMIC_SHARED(T, shared);
    Tile<T, D> queries{shared};
    Tile<T, D> slopes{shared + ROWS * D};
    Tile<T, D> keys{shared + 2 * ROWS * D};
    Tile<T, D> values{shared + (2 * ROWS + KEYS) * D};
    Head head(length, c, d);
    int lane = threadIdx.x % 32;
    int row0 = threadIdx.x / 32 * 16;
    int first = blockIdx.x * ROWS;
    queries.template load_rows<ROWS, THREADS>(q + head.start, first, length, c, d);
    slopes.template load_rows<ROWS, THREADS>(dy + head.start, first, length, c, d);
    float root = 1.0f / sqrtf(static_cast<float>(d));
    float scale = LOG2E * root;
    float lse[2], own[2];
#pragma unroll
    for (int half = 0; half < 2; half++) {
        int row = first + row0 + lane / 4 + 8 * half;
        lse[half] = row < length ? logSumExp[head.line + row] * LOG2E : INFINITY;  // beyond the end P is 0
        own[half] = row < length ? rowSums[head.line + row] : 0.0f;
    }
    float sum[D / 8][4] = {};
    for (int key = 0; key < length; key += KEYS) {
        keys.template load_rows<KEYS, THREADS>(k + head.start, key, length, c, d);
        ptx::cp_async_commit();
        values.template load_rows<KEYS, THREADS>(v + head.start, key, length, c, d);
        ptx::cp_async_commit();
        ptx::cp_async_wait<1>();
        __syncthreads();
        float s[KEYS / 8][4], dp[KEYS / 8][4];
        product(s, queries, row0, keys, 0);
        ptx::cp_async_wait<0>();
        __syncthreads();
        product(dp, slopes, row0, values, 0);
#pragma unroll
        for (int n = 0; n < KEYS / 8; n++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                bool inside = key + 8 * n + lane % 4 * 2 + i % 2 < length;
                float p = inside ? ptx::exp2_approx(s[n][i] * scale - lse[i / 2]) : 0.0f;
                s[n][i] = p * (dp[n][i] - own[i / 2]);
            }
        }
        accumulate<T>(sum, s, keys);
        __syncthreads();
    }
    put(queries, row0, 0, sum, root, root);
    __syncwarp();
    queries.store_rows(row0, 0, D, dq + head.start, first + row0, length, c, d);
}

/** A result into a tile of which the warps that share its rows read all columns. In TF32 columns lie in the order of load_b_transposed's rows. */
template <typename T, int Q, int N> __device__ __forceinline__ void pass(Tile<T, Q> to, int row0, int column0, const float (&s)[N][4]) {
    if constexpr (sizeof(T) == 2) {
        put(to, row0, column0, s, 1.0f, 1.0f);
    } else {
        int lane = threadIdx.x % 32;
#pragma unroll
        for (int n = 0; n < N; n++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                *to.element(row0 + lane / 4 + i / 2 * 8, column0 + 8 * n + lane % 4 + i % 2 * 4) = s[n][i];
            }
        }
    }
}

/** @tparam SPLIT warps that share 16 keys: 1 or 2 */
template <typename T, int D, int SPLIT>
__device__ __forceinline__ void backward_kv(const T* q, const T* k, const T* v, const float* logSumExp, const T* dy, const float* rowSums, int length, int c,
                                            int d, T* dk, T* dv) {
    constexpr int THREADS = 32 * WARPS * SPLIT;
    constexpr int QUERIES = PASSING<D>;
    constexpr int MINE = QUERIES / SPLIT;
    SIROCCO_SHARED(float, lines, [2][QUERIES]);  // logSumExp, in powers of two, and D
    SIROCCO_DYNAMIC_SHARED(T, shared);
    Tile<T, D> keys{shared};
    Tile<T, D> values{shared + ROWS * D};
    Tile<T, D> queries{shared + 2 * ROWS * D};
    Tile<T, D> slopes{shared + (2 * ROWS + QUERIES) * D};
    Tile<T, QUERIES> weights{shared + 2 * (ROWS + QUERIES) * D};
    Tile<T, QUERIES> gradients{weights.at + ROWS * QUERIES};
    Head head(length, c, d);
    int lane = threadIdx.x % 32;
    int warp = threadIdx.x / 32;
    int row0 = warp % WARPS * 16;
    int part = warp / WARPS;
    int first = blockIdx.x * ROWS;
    keys.template load_rows<ROWS, THREADS>(k + head.start, first, length, c, d);
    values.template load_rows<ROWS, THREADS>(v + head.start, first, length, c, d);
    float root = 1.0f / sqrtf(static_cast<float>(d));
    float scale = LOG2E * root;
    float keySum[D / 8 / SPLIT][4] = {};
    float valueSum[D / 8 / SPLIT][4] = {};
    for (int query = 0; query < length; query += QUERIES) {
        queries.template load_rows<QUERIES, THREADS>(q + head.start, query, length, c, d);
        ptx::cp_async_commit();
        slopes.template load_rows<QUERIES, THREADS>(dy + head.start, query, length, c, d);
        ptx::cp_async_commit();
        if (threadIdx.x < QUERIES) {
            int row = query + threadIdx.x;
            lines[0][threadIdx.x] = row < length ? logSumExp[head.line + row] * LOG2E : INFINITY;  // beyond the end P is 0
            lines[1][threadIdx.x] = row < length ? rowSums[head.line + row] : 0.0f;
        }
        ptx::cp_async_wait<1>();
        __syncthreads();
        float p[MINE / 8][4], dp[MINE / 8][4];
        product(p, keys, row0, queries, part * MINE);
        ptx::cp_async_wait<0>();
        __syncthreads();
        product(dp, values, row0, slopes, part * MINE);
#pragma unroll
        for (int n = 0; n < MINE / 8; n++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                int column = part * MINE + 8 * n + lane % 4 * 2 + i % 2;
                p[n][i] = ptx::exp2_approx(p[n][i] * scale - lines[0][column]);
                dp[n][i] = p[n][i] * (dp[n][i] - lines[1][column]);
            }
        }
        if constexpr (SPLIT == 1) {
            accumulate<T>(valueSum, p, slopes);
            accumulate<T>(keySum, dp, queries);
        } else {
            pass(weights, row0, part * MINE, p);
            pass(gradients, row0, part * MINE, dp);
            ptx::barrier_sync(1 + warp % WARPS, 32 * SPLIT);
#pragma unroll
            for (int step = 0; step < QUERIES / DEPTH<T>; step++) {
                unsigned left[4];
                load_a(left, weights, row0, step);
                accumulate(valueSum, left, slopes, step * DEPTH<T>, part * D / SPLIT);
                load_a(left, gradients, row0, step);
                accumulate(keySum, left, queries, step * DEPTH<T>, part * D / SPLIT);
            }
        }
        __syncthreads();
    }
    put(keys, row0, part * D / SPLIT, keySum, root, root);
    put(values, row0, part * D / SPLIT, valueSum, 1.0f, 1.0f);
    __syncwarp();
    keys.store_rows(row0, part * D / SPLIT, (part + 1) * D / SPLIT, dk + head.start, first + row0, length, c, d);
    values.store_rows(row0, part * D / SPLIT, (part + 1) * D / SPLIT, dv + head.start, first + row0, length, c, d);
}

}  // namespace sirocco::attention_backward_v3

#define KERNELS(T, D, SPLIT, suffix)                                                                                                       \
    SIROCCO_KERNEL(128, 2)                                                                                                                 \
    void attention_backward_q_v3_##suffix(const T* q, const T* k, const T* v, const float* logSumExp, const T* dy, const float* rowSums,   \
                                          int length, int c, int d, T* dq) {                                                               \
        sirocco::take_turn();                                                                                                              \
        sirocco::attention_backward_v3::backward_q<T, D>(q, k, v, logSumExp, dy, rowSums, length, c, d, dq);                               \
    }                                                                                                                                      \
    SIROCCO_KERNEL(128 * SPLIT, 1)                                                                                                         \
    void attention_backward_kv_v3_##suffix(const T* q, const T* k, const T* v, const float* logSumExp, const T* dy, const float* rowSums,  \
                                           int length, int c, int d, T* dk, T* dv) {                                                       \
        sirocco::take_turn();                                                                                                              \
        sirocco::attention_backward_v3::backward_kv<T, D, SPLIT>(q, k, v, logSumExp, dy, rowSums, length, c, d, dk, dv);                   \
    }

KERNELS(sirocco::bf16, 32, 1, d32_bf16)
KERNELS(sirocco::bf16, 64, 1, d64_bf16)
KERNELS(sirocco::bf16, 128, 1, d128_bf16)
KERNELS(sirocco::bf16, 256, 2, d256_bf16)
KERNELS(float, 32, 1, d32_tf32)
KERNELS(float, 64, 1, d64_tf32)
KERNELS(float, 128, 1, d128_tf32)
KERNELS(float, 256, 2, d256_tf32)
