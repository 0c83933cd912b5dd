// y = [x; x]: n words each.
// Traffic: reads x, writes twice as much. Bound by memory bandwidth, or the launch's latency: it is small.
#include "words.cuh"

#define KERNEL(T, name)                                                \
    SIROCCO_KERNEL(256, 8) void name(const T* x, T* y, int n) {        \
        sirocco::take_turn();                                          \
        unsigned i = blockIdx.x * blockDim.x + threadIdx.x;            \
        if (i < static_cast<unsigned>(n)) {                            \
            T word = x[i];                                             \
            y[i] = word;                                               \
            y[i + static_cast<unsigned>(n)] = word;                    \
        }                                                              \
    }

SIROCCO_FOR_WORDS(KERNEL, repeat)
