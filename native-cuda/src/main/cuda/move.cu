// Moves a box of 4-byte words: word (n, h, w, c) of the box from place `from` + Σ (index % size) · stride of x to `to` + Σ index · stride of y. Slices,
// concatenations, repetitions, permutations and reshapes are boxes. A thread for each word.
// Traffic: reads 1, writes 1 of the box; threads that follow each other write words that follow each other, and read such unless the last axis moves.
#include "sirocco.cuh"

namespace sirocco::move {

struct Box {
    int h, w, c;
    int from, x[4], size[4];
    int to, y[4];
};

}  // namespace sirocco::move

SIROCCO_KERNEL(256, 8) void move_b4(const unsigned* x, unsigned* y, int n, sirocco::move::Box box) {
    sirocco::take_turn();
    int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i >= n) {
        return;
    }
    int pixel = i / box.c, row = pixel / box.w;
    int at[4] = {row / box.h, row % box.h, pixel % box.w, i % box.c};
    size_t source = box.from, target = box.to;
#pragma unroll
    for (int axis = 0; axis < 4; axis++) {
        source += static_cast<size_t>(at[axis] % box.size[axis]) * box.x[axis];
        target += static_cast<size_t>(at[axis]) * box.y[axis];
    }
    y[target] = x[source];
}
