// Sums of columns: x [batches, rows, c] → [batches, c], for SumPixels and for biases' gradients. First each slice of the rows: a block for 32 channels,
// a thread for 16 bytes of every so many rows (where channels are no multiple of that: for one channel), grid (channels / 32, slices, batches);
// then the slices, a warp for every eighth, grid (channels / 32, batches).
// Traffic: reads x once. 1 addition for 4 bytes in float32: bound by memory bandwidth.
#include "sirocco.cuh"

namespace sirocco::column_sum {

constexpr int CHANNELS = 32;
constexpr int THREADS = 256;
constexpr int WARPS = THREADS / 32;

/** The sum of part[i][lane] over i, in the first warp. */
__device__ __forceinline__ float sum_warps(const float (&part)[WARPS][CHANNELS], int lane) {
    float sum = part[0][lane];
#pragma unroll
    for (int i = 1; i < WARPS; i++) {
        sum += part[i][lane];
    }
    return sum;
}

/** @tparam V channels of a thread */
template <int V, typename T> __device__ __forceinline__ void slice(const T* x, int rows, int c, int rowsPerSlice, float* sums) {
    constexpr int ACROSS = CHANNELS / V;
    constexpr int DOWN = THREADS / ACROSS;
    SIROCCO_SHARED(float, thread, [DOWN][CHANNELS]);
    SIROCCO_SHARED(float, part, [WARPS][CHANNELS]);
    int column = threadIdx.x % ACROSS * V;
    int first = blockIdx.x * CHANNELS;
    int begin = blockIdx.y * rowsPerSlice;
    int end = min(rows, begin + rowsPerSlice);
    float sum[V] = {};
    if (first + column < c) {
        const T* from = x + static_cast<size_t>(blockIdx.z) * rows * c + first + column;
#pragma unroll 4
        for (int row = begin + threadIdx.x / ACROSS; row < end; row += DOWN) {
            float v[V];
            load(v, from + static_cast<size_t>(row) * c);
#pragma unroll
            for (int e = 0; e < V; e++) {
                sum[e] += v[e];
            }
        }
    }
    store(&thread[threadIdx.x / ACROSS][column], sum);
    __syncthreads();
    int lane = threadIdx.x % 32;
    int warp = threadIdx.x / 32;
    float column_sum = 0.0f;
#pragma unroll
    for (int row = warp; row < DOWN; row += WARPS) {
        column_sum += thread[row][lane];
    }
    part[warp][lane] = column_sum;
    __syncthreads();
    if (warp == 0 && first + lane < c) {
        sums[(static_cast<size_t>(blockIdx.z) * gridDim.y + blockIdx.y) * c + first + lane] = sum_warps(part, lane);
    }
}

/** Calls write(place in [batches, c], sum over slices), by the first warp of the block. */
template <typename W> __device__ __forceinline__ void finish(const float* sums, int slices, int c, W write) {
    SIROCCO_SHARED(float, part, [WARPS][CHANNELS]);
    int lane = threadIdx.x % 32;
    int warp = threadIdx.x / 32;
    int channel = blockIdx.x * CHANNELS + lane;
    float sum = 0.0f;
    if (channel < c) {
        const float* from = sums + static_cast<size_t>(blockIdx.y) * slices * c + channel;
#pragma unroll 8
        for (int s = warp; s < slices; s += WARPS) {
            sum += from[static_cast<size_t>(s) * c];
        }
    }
    part[warp][lane] = sum;
    __syncthreads();
    if (warp == 0 && channel < c) {
        write(static_cast<size_t>(blockIdx.y) * c + channel, sum_warps(part, lane));
    }
}

}  // namespace sirocco::column_sum

#define KERNEL(T, suffix)                                                                                                                          \
    SIROCCO_KERNEL(256, 4) void column_sum_##suffix(const T* x, int rows, int c, int rowsPerSlice, float* sums) {                                  \
        sirocco::take_turn();                                                                                                                      \
        if (c % sirocco::vector_width<T> == 0) {                                                                                                   \
            sirocco::column_sum::slice<sirocco::vector_width<T>>(x, rows, c, rowsPerSlice, sums);                                                  \
        } else {                                                                                                                                   \
            sirocco::column_sum::slice<1>(x, rows, c, rowsPerSlice, sums);                                                                         \
        }                                                                                                                                          \
    }                                                                                                                                              \
    SIROCCO_KERNEL(256, 4) void column_sum_finish_##suffix(const float* sums, int slices, int c, T* y) {                                           \
        sirocco::take_turn();                                                                                                                      \
        sirocco::column_sum::finish(sums, slices, c, [=](size_t i, float sum) { y[i] = sirocco::from_float<T>(sum); });                            \
    }

KERNEL(float, f32)
KERNEL(sirocco::bf16, bf16)

SIROCCO_KERNEL(256, 4) void column_sum_add(const float* sums, int slices, int c, float* y) {
    sirocco::take_turn();
    sirocco::column_sum::finish(sums, slices, c, [=](size_t i, float sum) { y[i] += sum; });
}
