// y = scale · x + shift.
// Traffic: reads 1, writes 1 of the tensor in float32: bound by memory bandwidth.
#include "elementwise.cuh"

SIROCCO_KERNEL(256, 8) void affine_f32(const float* x, float* y, int n, float scale, float shift) {
    sirocco::take_turn();
    sirocco::map(x, y, n, [scale, shift](float v) { return scale * v + shift; });
}
