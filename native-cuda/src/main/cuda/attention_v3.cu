// y = softmax(q kᵀ / √d) v for each head, with the log of each row's sum of exponentials: level 3, tensor cores (Dao 2023). Four warps have 16
// queries each, which stay in shared memory; keys and values come by in tiles. Logits, weights and sums stay in registers: an mma's result is
// laid out as the next one's operand. The softmax is online (Milakov & Gimelshein 2018). While keys are multiplied the values are on their way
// (cp.async), and the other way round. Heads are padded with zeros to 32, 64, 128 or 256. Operands bf16, or float32 rounded to TF32.
// Traffic: reads q once; k and v once for 64 queries, all but the first time from the L2 cache; writes y. 4 · 64 operations for each element of
// k and v: at 256 tokens bound by the tensor cores, or, since 16 rows use a fragment of k or v once, by shared memory: 2.5 KB for 8 mma.
#include "attention_mma.cuh"

namespace sirocco::attention_v3 {

using namespace sirocco::attention;

constexpr int ROWS = 64;
constexpr int THREADS = 128;

template <typename T, int D>
__device__ __forceinline__ void forward(const T* q, const T* k, const T* v, int length, int c, int d, T* y, float* logSumExp) {
    constexpr int KEYS = D * sizeof(T) > 512 ? 32 : 64;
    SIROCCO_DYNAMIC_SHARED(T, shared);
    Tile<T, D> queries{shared};
    Tile<T, D> keys{shared + ROWS * D};
    Tile<T, D> values{shared + (ROWS + KEYS) * D};
    Head head(length, c, d);
    int lane = threadIdx.x % 32;
    int row0 = threadIdx.x / 32 * 16;
    int first = blockIdx.x * ROWS;
    queries.template load_rows<ROWS, THREADS>(q + head.start, first, length, c, d);
    keys.template load_rows<KEYS, THREADS>(k + head.start, 0, length, c, d);
    float scale = LOG2E / sqrtf(static_cast<float>(d));
    float sum[D / 8][4] = {};
    float largest[2] = {-INFINITY, -INFINITY};
    float total[2] = {0.0f, 0.0f};
    for (int key = 0; key < length; key += KEYS) {
        ptx::cp_async_wait_all();
        __syncthreads();  // keys have come, and nobody reads the last values any more
        values.template load_rows<KEYS, THREADS>(v + head.start, key, length, c, d);
        float s[KEYS / 8][4];
        product(s, queries, row0, keys, 0);
        if (key + KEYS > length) {
#pragma unroll
            for (int n = 0; n < KEYS / 8; n++) {
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    s[n][i] = key + 8 * n + lane % 4 * 2 + i % 2 < length ? s[n][i] : -INFINITY;
                }
            }
        }
#pragma unroll
        for (int half = 0; half < 2; half++) {
            float before = largest[half];
#pragma unroll
            for (int n = 0; n < KEYS / 8; n++) {
                largest[half] = fmaxf(largest[half], fmaxf(s[n][2 * half], s[n][2 * half + 1]));
            }
            largest[half] = row_max(largest[half]);
            float shift = largest[half] * scale;
            float shrink = ptx::exp2_approx(before * scale - shift);
            total[half] *= shrink;
#pragma unroll
            for (int n = 0; n < KEYS / 8; n++) {
#pragma unroll
                for (int i = 2 * half; i < 2 * half + 2; i++) {
                    s[n][i] = ptx::exp2_approx(s[n][i] * scale - shift);
                    total[half] += s[n][i];
                }
            }
#pragma unroll
            for (int n = 0; n < D / 8; n++) {
                sum[n][2 * half] *= shrink;
                sum[n][2 * half + 1] *= shrink;
            }
        }
        ptx::cp_async_wait_all();
        __syncthreads();  // values have come, and nobody reads the keys any more
        if (key + KEYS < length) {
            keys.template load_rows<KEYS, THREADS>(k + head.start, key + KEYS, length, c, d);
        }
        accumulate<T>(sum, s, values);
    }
    total[0] = row_sum(total[0]);
    total[1] = row_sum(total[1]);
    put(queries, row0, 0, sum, 1.0f / total[0], 1.0f / total[1]);
    __syncwarp();
    queries.store_rows(row0, 0, D, y + head.start, first + row0, length, c, d);
#pragma unroll
    for (int half = 0; half < 2; half++) {
        int row = first + row0 + lane / 4 + 8 * half;
        if (lane % 4 == 0 && row < length) {
            logSumExp[head.line + row] = largest[half] * scale / LOG2E + logf(total[half]);
        }
    }
}

}  // namespace sirocco::attention_v3

#define KERNEL(T, D, name)                                                                                                    \
    SIROCCO_KERNEL(128, 2)                                                                                                    \
    void name(const T* q, const T* k, const T* v, int length, int c, int d, T* y, float* logSumExp) {                         \
        sirocco::take_turn();                                                                                                 \
        sirocco::attention_v3::forward<T, D>(q, k, v, length, c, d, y, logSumExp);                                            \
    }

KERNEL(sirocco::bf16, 32, attention_v3_d32_bf16)
KERNEL(sirocco::bf16, 64, attention_v3_d64_bf16)
KERNEL(sirocco::bf16, 128, attention_v3_d128_bf16)
KERNEL(sirocco::bf16, 256, attention_v3_d256_bf16)
KERNEL(float, 32, attention_v3_d32_tf32)
KERNEL(float, 64, attention_v3_d64_tf32)
KERNEL(float, 128, attention_v3_d128_tf32)
KERNEL(float, 256, attention_v3_d256_tf32)
