// y = f(a, b), each operand broadcast along axes where its stride is 0. A thread for each element of y.
// Traffic: reads up to 2, writes 1 of the tensor in float32; three divisions an element to find its place: bound by instructions where nothing is
// broadcast along the last axis, by memory bandwidth otherwise.
#include "functions.cuh"

namespace sirocco::binary {

/** Sizes of y's last axes, and strides of both operands. */
struct Broadcast {
    int h, w, c;
    int a[4], b[4];
};

}  // namespace sirocco::binary

SIROCCO_KERNEL(256, 4) void binary_f32(const float* a, const float* b, float* y, int n, int function, sirocco::binary::Broadcast s) {
    sirocco::take_turn();
    int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i >= n) {
        return;
    }
    int c = i % s.c, pixel = i / s.c;
    int w = pixel % s.w, row = pixel / s.w;
    int h = row % s.h, image = row / s.h;
    size_t at_a = static_cast<size_t>(image) * s.a[0] + static_cast<size_t>(h) * s.a[1] + static_cast<size_t>(w) * s.a[2] + static_cast<size_t>(c) * s.a[3];
    size_t at_b = static_cast<size_t>(image) * s.b[0] + static_cast<size_t>(h) * s.b[1] + static_cast<size_t>(w) * s.b[2] + static_cast<size_t>(c) * s.b[3];
    y[i] = sirocco::apply(function, a[at_a], b[at_b]);
}
