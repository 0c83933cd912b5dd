// into ← into + x.
// Traffic: reads 2, writes 1 of the tensor in float32: bound by memory bandwidth.
#include "elementwise.cuh"

SIROCCO_KERNEL(256, 8) void accumulate_f32(const float* x, float* into, int n) {
    sirocco::take_turn();
    sirocco::map(x, static_cast<const float*>(into), into, n, [](float v, float sum) { return sum + v; });
}
