// y = u + scale · (c − u), x = [c; u]: n elements of each.
// Traffic: reads 2, writes 1 of y's size, once a sampling step, a tensor of 3 channels. Bound by the launch's latency.
#include "sirocco.cuh"

namespace sirocco::guidance {

template <typename T> __device__ __forceinline__ void run(const T* x, const float* scale, T* y, int n) {
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < static_cast<unsigned>(n)) {
        float c = to_float(x[i]);
        float u = to_float(x[i + static_cast<unsigned>(n)]);
        y[i] = from_float<T>(u + *scale * (c - u));
    }
}

}  // namespace sirocco::guidance

SIROCCO_KERNEL(256, 8) void guidance_f32(const float* x, const float* scale, float* y, int n) {
    sirocco::take_turn();
    sirocco::guidance::run(x, scale, y, n);
}

SIROCCO_KERNEL(256, 8) void guidance_bf16(const sirocco::bf16* x, const float* scale, sirocco::bf16* y, int n) {
    sirocco::take_turn();
    sirocco::guidance::run(x, scale, y, n);
}
