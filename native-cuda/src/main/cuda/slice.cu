// y = cy words from word `from` on of each pixel of x, which has cx.
// Traffic: reads and writes y once, 16 bytes a thread where channels allow. Bound by memory bandwidth.
#include "words.cuh"

#define KERNEL(T, name)                                                                          \
    SIROCCO_KERNEL(256, 8) void name(const T* x, T* y, int pixels, int cx, int from, int cy) {   \
        sirocco::take_turn();                                                                    \
        unsigned i = blockIdx.x * blockDim.x + threadIdx.x;                                      \
        unsigned pixel = i / cy;                                                                 \
        if (pixel < static_cast<unsigned>(pixels)) {                                             \
            y[i] = x[pixel * cx + from + (i - pixel * cy)];                                      \
        }                                                                                        \
    }

SIROCCO_FOR_WORDS(KERNEL, slice)
