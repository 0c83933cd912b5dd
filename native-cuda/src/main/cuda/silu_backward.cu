// dx = dy · s(1 + x(1 − s)), s = sigmoid(x).
// Traffic: reads 2, writes 1 of the tensor. About 30 instructions for 12 bytes in float32: bound by memory bandwidth.
#include "elementwise.cuh"

#define KERNEL(T, name)                                                                       \
    SIROCCO_KERNEL(256, 6) void name(const T* x, const T* dy, T* dx, int n) {                 \
        sirocco::take_turn();                                                                 \
        sirocco::map(x, dy, dx, n, [](float v, float d) { return d * sirocco::silu_slope(v); }); \
    }

KERNEL(float, silu_backward_f32)
KERNEL(sirocco::bf16, silu_backward_bf16)
