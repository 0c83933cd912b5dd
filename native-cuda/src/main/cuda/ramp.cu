// y = start + step · i, i the index along the axis that has `inner` elements behind each of its `size`.
// Traffic: writes 1 of the tensor in float32: bound by memory bandwidth.
#include "sirocco.cuh"

SIROCCO_KERNEL(256, 8) void ramp_f32(float* y, int n, double start, double step, int inner, int size) {
    sirocco::take_turn();
    int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i < n) {
        y[i] = static_cast<float>(start + step * (i / inner % size));
    }
}
