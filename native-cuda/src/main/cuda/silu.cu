// y = x · sigmoid(x).
// Traffic: reads 1, writes 1 of the tensor. About 30 instructions for 8 bytes in float32 (an exponential, a division): bound by memory
// bandwidth, not by far.
#include "elementwise.cuh"

#define KERNEL(T, name)                                                                       \
    SIROCCO_KERNEL(256, 8) void name(const T* x, T* y, int n) {                               \
        sirocco::take_turn();                                                                 \
        sirocco::map(x, y, n, [](float v) { return v * sirocco::sigmoid(v); });               \
    }

KERNEL(float, silu_f32)
KERNEL(sirocco::bf16, silu_bf16)
