// y = f(x).
// Traffic: reads 1, writes 1 of the tensor in float32: bound by memory bandwidth but for the error functions.
#include "functions.cuh"

SIROCCO_KERNEL(256, 4) void unary_f32(const float* x, float* y, int n, int function) {
    sirocco::take_turn();
    sirocco::map(x, y, n, [function](float v) { return sirocco::apply(function, v); });
}
