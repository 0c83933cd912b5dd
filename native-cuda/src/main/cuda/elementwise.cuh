// Loops over elements: each thread takes 16 bytes of every operand, or what is left of them.
#pragma once

#include "sirocco.cuh"

namespace sirocco {

/** y[i] = f(a[i]) for i < n; the operands begin at multiples of 16 bytes. */
template <typename T, typename F> __device__ __forceinline__ void map(const T* a, T* y, int n, F f) {
    constexpr int V = vector_width<T>;
    unsigned first = (blockIdx.x * blockDim.x + threadIdx.x) * V;
    unsigned end = static_cast<unsigned>(n);
    if (first + V <= end) {
        float x[V];
        load(x, a + first);
#pragma unroll
        for (int i = 0; i < V; i++) {
            x[i] = f(x[i]);
        }
        store(y + first, x);
    } else {
        for (unsigned i = first; i < end; i++) {
            y[i] = from_float<T>(f(to_float(a[i])));
        }
    }
}

/** y[i] = f(a[i], b[i]) */
template <typename T, typename F> __device__ __forceinline__ void map(const T* a, const T* b, T* y, int n, F f) {
    constexpr int V = vector_width<T>;
    unsigned first = (blockIdx.x * blockDim.x + threadIdx.x) * V;
    unsigned end = static_cast<unsigned>(n);
    if (first + V <= end) {
        float x[V], z[V];
        load(x, a + first);
        load(z, b + first);
#pragma unroll
        for (int i = 0; i < V; i++) {
            x[i] = f(x[i], z[i]);
        }
        store(y + first, x);
    } else {
        for (unsigned i = first; i < end; i++) {
            y[i] = from_float<T>(f(to_float(a[i]), to_float(b[i])));
        }
    }
}

/** The logistic function. */
__device__ __forceinline__ float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

/** The slope of x · sigmoid(x). */
__device__ __forceinline__ float silu_slope(float x) {
    float s = sigmoid(x);
    return s * (1.0f + x * (1.0f - s));
}

}  // namespace sirocco
