// y = the sum, mean or maximum of x along axes. A warp (reduce_warp_f32) or a block of 256 threads (reduce_block_f32) for each element of y; lanes go over
// the terms in steps of their number, then their sums are added in a fixed tree: the order depends on shapes only.
// Traffic: reads 1 of the tensor in float32: bound by memory bandwidth where y has enough elements, by latency where it has few.
#include "sirocco.cuh"

namespace sirocco::reduce {

enum Function : int { SUM, MEAN, MAXIMUM };

/** Sizes and strides in x of the axes that are kept, and of those that are reduced; the others have size 1. */
struct Axes {
    int keptSize[4], keptStride[4];
    int size[4], stride[4];
    int terms;
};

__device__ __forceinline__ size_t place(int i, const int (&size)[4], const int (&stride)[4]) {
    size_t at = 0;
#pragma unroll
    for (int axis = 3; axis >= 0; axis--) {
        at += static_cast<size_t>(i % size[axis]) * stride[axis];
        i /= size[axis];
    }
    return at;
}

__device__ __forceinline__ float combined(int function, float a, float b) {
    return function == MAXIMUM ? (a != a || b != b ? a + b : fmaxf(a, b)) : a + b;
}

/** This thread's part. */
__device__ __forceinline__ float part(const float* x, const Axes& axes, int function, int y, int first, int step) {
    const float* from = x + place(y, axes.keptSize, axes.keptStride);
    float result = function == MAXIMUM ? -INFINITY : 0.0f;
    for (int i = first; i < axes.terms; i += step) {
        result = combined(function, result, from[place(i, axes.size, axes.stride)]);
    }
    return result;
}

__device__ __forceinline__ float of_warp(int function, float v) {
#pragma unroll
    for (int lanes = 16; lanes > 0; lanes /= 2) {
        v = combined(function, v, __shfl_xor_sync(ALL_LANES, v, lanes));
    }
    return v;
}

__device__ __forceinline__ float finished(int function, const Axes& axes, float v) { return function == MEAN ? v / static_cast<float>(axes.terms) : v; }

}  // namespace sirocco::reduce

SIROCCO_KERNEL(256, 4) void reduce_warp_f32(const float* x, float* y, int n, int function, sirocco::reduce::Axes axes) {
    sirocco::take_turn();
    using namespace sirocco::reduce;
    int i = static_cast<int>((blockIdx.x * blockDim.x + threadIdx.x) / 32);
    int lane = threadIdx.x % 32;
    float v = of_warp(function, i < n ? part(x, axes, function, i, lane, 32) : 0.0f);
    if (i < n && lane == 0) {
        y[i] = finished(function, axes, v);
    }
}

SIROCCO_KERNEL(256, 4) void reduce_block_f32(const float* x, float* y, int function, sirocco::reduce::Axes axes) {
    sirocco::take_turn();
    using namespace sirocco::reduce;
    SIROCCO_SHARED(float, warps, [8]);
    float v = of_warp(function, part(x, axes, function, static_cast<int>(blockIdx.x), static_cast<int>(threadIdx.x), 256));
    if (threadIdx.x % 32 == 0) {
        warps[threadIdx.x / 32] = v;
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        float all = warps[0];
        for (int w = 1; w < 8; w++) {
            all = combined(function, all, warps[w]);
        }
        y[blockIdx.x] = finished(function, axes, all);
    }
}
