// y = [a, b] along channels: a has ca words a pixel, b has cb. A thread for each word of y.
// Traffic: reads and writes the tensor once, 16 bytes a thread where channels allow. No arithmetic but indices: bound by memory bandwidth.
#include "words.cuh"

#define KERNEL(T, name)                                                                                                  \
    SIROCCO_KERNEL(256, 8) void name(const T* a, const T* b, T* y, int pixels, int ca, int cb) {                         \
        sirocco::take_turn();                                                                                            \
        unsigned i = blockIdx.x * blockDim.x + threadIdx.x;                                                              \
        unsigned c = static_cast<unsigned>(ca + cb);                                                                     \
        unsigned pixel = i / c;                                                                                          \
        unsigned channel = i - pixel * c;                                                                                \
        if (pixel < static_cast<unsigned>(pixels)) {                                                                     \
            y[i] = channel < static_cast<unsigned>(ca) ? a[pixel * ca + channel] : b[pixel * cb + channel - ca];         \
        }                                                                                                                \
    }

SIROCCO_FOR_WORDS(KERNEL, concat)
