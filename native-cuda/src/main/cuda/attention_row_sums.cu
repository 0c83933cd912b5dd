// D = rowsum(dy ∘ y) of every query of every head, [n, heads, length], once for both passes of attention's gradients. A warp for each row,
// grid (rows / 8, heads, images).
// Traffic: reads 2 tensors. 2 operations for 8 bytes in float32: bound by memory bandwidth.
#include "attention_tile.cuh"

namespace sirocco::attention_row_sums {

constexpr int WARPS = 8;

template <typename T> __device__ __forceinline__ void run(const T* y, const T* dy, int length, int c, int d, float* rowSums) {
    constexpr int V = vector_width<T>;
    attention::Head head(length, c, d);
    int lane = threadIdx.x % 32;
    int row = blockIdx.x * WARPS + threadIdx.x / 32;
    if (row >= length) {
        return;
    }
    const T* a = y + head.start + static_cast<size_t>(row) * c;
    const T* b = dy + head.start + static_cast<size_t>(row) * c;
    float sum = 0.0f;
    if (d % V == 0) {
        for (int e = lane * V; e < d; e += 32 * V) {
            float left[V], right[V];
            load(left, a + e);
            load(right, b + e);
#pragma unroll
            for (int i = 0; i < V; i++) {
                sum += left[i] * right[i];
            }
        }
    } else {
        for (int e = lane; e < d; e += 32) {
            sum += to_float(a[e]) * to_float(b[e]);
        }
    }
    sum = warp_sum(sum);
    if (lane == 0) {
        rowSums[head.line + row] = sum;
    }
}

}  // namespace sirocco::attention_row_sums

#define KERNEL(T, name)                                                                                            \
    SIROCCO_KERNEL(256, 4) void name(const T* y, const T* dy, int length, int c, int d, float* rowSums) {          \
        sirocco::take_turn();                                                                                      \
        sirocco::attention_row_sums::run(y, dy, length, c, d, rowSums);                                            \
    }

KERNEL(float, attention_row_sums_f32)
KERNEL(sirocco::bf16, attention_row_sums_bf16)
