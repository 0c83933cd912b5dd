// Sums over a warp and a block, and maxima over a warp, in an order that depends on nothing but the number of threads.
#pragma once

namespace sirocco {

/** The warp's sum, in every lane. All 32 lanes must come. */
__device__ __forceinline__ float warp_sum(float x) {
#pragma unroll
    for (int lanes = 16; lanes > 0; lanes /= 2) {
        x += __shfl_xor_sync(ALL_LANES, x, lanes);
    }
    return x;
}

__device__ __forceinline__ double warp_sum(double x) {
#pragma unroll
    for (int lanes = 16; lanes > 0; lanes /= 2) {
        x += __shfl_xor_sync(ALL_LANES, x, lanes);
    }
    return x;
}

__device__ __forceinline__ float warp_max(float x) {
#pragma unroll
    for (int lanes = 16; lanes > 0; lanes /= 2) {
        x = fmaxf(x, __shfl_xor_sync(ALL_LANES, x, lanes));
    }
    return x;
}

/**
 * The block's sums of N numbers a thread, in every thread. The block is one-dimensional, a multiple of 32 threads and at most 1024.
 *
 * @param shared room for 32 · N numbers; free again for use after the next __syncthreads()
 */
template <int N, typename T> __device__ __forceinline__ void block_sum(T (&x)[N], T* shared) {
    int lane = threadIdx.x % 32;
    int warp = threadIdx.x / 32;
    int warps = blockDim.x / 32;
#pragma unroll
    for (int i = 0; i < N; i++) {
        x[i] = warp_sum(x[i]);
        if (lane == 0) {
            shared[i * 32 + warp] = x[i];
        }
    }
    __syncthreads();
#pragma unroll
    for (int i = 0; i < N; i++) {
        x[i] = warp_sum(lane < warps ? shared[i * 32 + lane] : T(0));
    }
}

}  // namespace sirocco
