// y [2·rows, 2w, c] = each pixel of x [rows, w, c] four times; rows are those of all images. A thread for each word of y.
// Traffic: reads x (once from memory, four times from cache), writes 4 times as much. Bound by memory bandwidth.
#include "words.cuh"

#define KERNEL(T, name)                                                                    \
    SIROCCO_KERNEL(256, 8) void name(const T* x, T* y, int rows, int w, int c) {           \
        sirocco::take_turn();                                                              \
        unsigned i = blockIdx.x * blockDim.x + threadIdx.x;                                \
        unsigned pixel = i / c;                                                            \
        unsigned channel = i - pixel * c;                                                  \
        unsigned row = pixel / (2 * w);                                                    \
        unsigned column = pixel - row * 2 * w;                                             \
        if (row < 2 * static_cast<unsigned>(rows)) {                                       \
            y[i] = x[(row / 2 * w + column / 2) * c + channel];                            \
        }                                                                                  \
    }

SIROCCO_FOR_WORDS(KERNEL, upsample)
