// dx = dy · f'(x).
// Traffic: reads 2, writes 1 of the tensor in float32: bound by memory bandwidth but for the error functions.
#include "functions.cuh"

SIROCCO_KERNEL(256, 4) void unary_backward_f32(const float* x, const float* dy, float* dx, int n, int function) {
    sirocco::take_turn();
    sirocco::map(x, dy, dx, n, [function](float v, float d) { return d * sirocco::slope(function, v); });
}
