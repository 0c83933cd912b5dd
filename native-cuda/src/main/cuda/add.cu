// y = a + b.
// Traffic: reads 2, writes 1 of the tensor. 1 operation for 12 bytes in float32: bound by memory bandwidth.
#include "elementwise.cuh"

#define KERNEL(T, name)                                                                       \
    SIROCCO_KERNEL(256, 8) void name(const T* a, const T* b, T* y, int n) {                   \
        sirocco::take_turn();                                                                 \
        sirocco::map(a, b, y, n, [](float p, float q) { return p + q; });                     \
    }

KERNEL(float, add_f32)
KERNEL(sirocco::bf16, add_bf16)
