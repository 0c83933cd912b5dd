// Sums of columns: x [batches, rows, c] → [batches, c], for SumPixels and for biases' gradients. First each slice of the rows: a warp for
// every eighth row, a lane for each of 32 channels, grid (channels / 32, slices, batches); then the slices, one after the other.
// Traffic: reads x once. 1 addition for 4 bytes in float32: bound by memory bandwidth.
#include "sirocco.cuh"

namespace sirocco::column_sum {

constexpr int WARPS = 8;

template <typename T> __device__ __forceinline__ void slice(const T* x, int rows, int c, int rowsPerSlice, float* sums) {
    SIROCCO_SHARED(float, part, [WARPS][32]);
    int lane = threadIdx.x % 32;
    int warp = threadIdx.x / 32;
    int channel = blockIdx.x * 32 + lane;
    int begin = blockIdx.y * rowsPerSlice;
    int end = min(rows, begin + rowsPerSlice);
    float sum = 0.0f;
    if (channel < c) {
        const T* from = x + static_cast<size_t>(blockIdx.z) * rows * c + channel;
#pragma unroll 4
        for (int row = begin + warp; row < end; row += WARPS) {
            sum += to_float(from[static_cast<size_t>(row) * c]);
        }
    }
    part[warp][lane] = sum;
    __syncthreads();
    if (warp == 0 && channel < c) {
        for (int i = 1; i < WARPS; i++) {
            sum += part[i][lane];
        }
        sums[(static_cast<size_t>(blockIdx.z) * gridDim.y + blockIdx.y) * c + channel] = sum;
    }
}

/** The sum over slices of column i of [batches · c]. */
__device__ __forceinline__ float finish(const float* sums, int slices, int c, unsigned i) {
    const float* from = sums + static_cast<size_t>(i / c) * slices * c + i % c;
    float sum = 0.0f;
    for (int s = 0; s < slices; s++) {
        sum += from[static_cast<size_t>(s) * c];
    }
    return sum;
}

}  // namespace sirocco::column_sum

#define KERNEL(T, suffix)                                                                                                    \
    SIROCCO_KERNEL(256, 4) void column_sum_##suffix(const T* x, int rows, int c, int rowsPerSlice, float* sums) {            \
        sirocco::column_sum::slice(x, rows, c, rowsPerSlice, sums);                                                          \
    }                                                                                                                        \
    SIROCCO_KERNEL(256, 4) void column_sum_finish_##suffix(const float* sums, int batches, int slices, int c, T* y) {        \
        unsigned i = blockIdx.x * blockDim.x + threadIdx.x;                                                                  \
        if (i < static_cast<unsigned>(batches) * c) {                                                                        \
            y[i] = sirocco::from_float<T>(sirocco::column_sum::finish(sums, slices, c, i));                                  \
        }                                                                                                                    \
    }

KERNEL(float, f32)
KERNEL(sirocco::bf16, bf16)

SIROCCO_KERNEL(256, 4) void column_sum_add(const float* sums, int batches, int slices, int c, float* y) {
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < static_cast<unsigned>(batches) * c) {
        y[i] += sirocco::column_sum::finish(sums, slices, c, i);
    }
}
