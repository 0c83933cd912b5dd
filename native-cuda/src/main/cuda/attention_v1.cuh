// What the kernels of attention, level 1, share: rows of a head, one warp a row.
#pragma once

#include "sirocco.cuh"

namespace sirocco::attention_v1 {

constexpr int WARPS = 8;

/** Which row of which head a warp has: grid (rows / 8, heads, images). */
struct Row {
    int lane, warp, row;
    /** From a tensor's start to the head's first row. */
    size_t head;
    /** From the start of [n, heads, length] to the head's first number. */
    size_t line;

    __device__ __forceinline__ Row(int length, int c, int d)
        : lane(threadIdx.x % 32), warp(threadIdx.x / 32), row(blockIdx.x * WARPS + threadIdx.x / 32),
          head(static_cast<size_t>(blockIdx.z) * length * c + static_cast<size_t>(blockIdx.y) * d),
          line((static_cast<size_t>(blockIdx.z) * gridDim.y + blockIdx.y) * length) { }
};

/** A row into shared memory, for the whole warp to read after __syncwarp(). */
template <typename T> __device__ __forceinline__ void copy(float* to, const T* from, int d, int lane) {
    for (int e = lane; e < d; e += 32) {
        to[e] = to_float(from[e]);
    }
}

__device__ __forceinline__ void clear(float* to, int d, int lane) {
    for (int e = lane; e < d; e += 32) {
        to[e] = 0.0f;
    }
}

template <typename T> __device__ __forceinline__ float dot(const float* a, const T* b, int d) {
    float sum = 0.0f;
    for (int e = 0; e < d; e++) {
        sum += a[e] * to_float(b[e]);
    }
    return sum;
}

}  // namespace sirocco::attention_v1
