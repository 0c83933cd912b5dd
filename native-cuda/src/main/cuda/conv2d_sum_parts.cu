// dw += the sum over parts of [parts, elements], in the order of the parts: what conv2d_backward_weights_v2 and later leave in scratch.
// Traffic: reads 4 (parts + 1) and writes 4 bytes an element. One addition for 4 bytes: bound by memory bandwidth, or L2's, where the parts still are.
#include "sirocco.cuh"

namespace sirocco::conv2d_sum_parts {

template <int N> __device__ __forceinline__ void add(const float* from, int parts, size_t elements, float* to) {
    float sum[N];
    load(sum, from);
#pragma unroll 4
    for (int p = 1; p < parts; p++) {
        float part[N];
        load(part, from + p * elements);
#pragma unroll
        for (int e = 0; e < N; e++) {
            sum[e] += part[e];
        }
    }
    float old[N];
    load(old, to);
#pragma unroll
    for (int e = 0; e < N; e++) {
        sum[e] += old[e];
    }
    store(to, sum);
}

}  // namespace sirocco::conv2d_sum_parts

SIROCCO_KERNEL(256, 4) void conv2d_sum_parts(const float* from, int parts, unsigned elements, float* dw) {
    sirocco::take_turn();
    size_t i = 4 * (static_cast<size_t>(blockIdx.x) * blockDim.x + threadIdx.x);
    if (elements % 4 == 0 && i < elements) {
        sirocco::conv2d_sum_parts::add<4>(from + i, parts, elements, dw + i);
    } else {
        for (size_t j = i; j < i + 4 && j < elements; j++) {
            sirocco::conv2d_sum_parts::add<1>(from + j, parts, elements, dw + j);
        }
    }
}
