// dx [rows, w, c] = the sum of the 2×2 pixels of dy [2·rows, 2w, c]; rows are those of all images. A thread for 16 bytes of dx, or for one
// element where channels are not a multiple of that.
// Traffic: reads 4, writes 1 of dx's size. 3 additions for 20 bytes in float32: bound by memory bandwidth.
#include "sirocco.cuh"

namespace sirocco::upsample_backward {

template <int V, typename T> __device__ __forceinline__ void run(const T* dy, T* dx, int rows, int w, int c) {
    unsigned i = (blockIdx.x * blockDim.x + threadIdx.x) * V;
    unsigned pixel = i / c;
    unsigned channel = i - pixel * c;
    unsigned row = pixel / w;
    unsigned column = pixel - row * w;
    if (row >= static_cast<unsigned>(rows)) {
        return;
    }
    size_t stride = static_cast<size_t>(2) * w * c;
    const T* from = dy + 2 * row * stride + 2 * column * c + channel;
    float sum[V], term[V];
    load(sum, from);
#pragma unroll
    for (int tap = 1; tap < 4; tap++) {
        load(term, from + tap / 2 * stride + tap % 2 * c);
#pragma unroll
        for (int e = 0; e < V; e++) {
            sum[e] += term[e];
        }
    }
    store(dx + i, sum);
}

}  // namespace sirocco::upsample_backward

#define KERNEL(T, name)                                                                       \
    SIROCCO_KERNEL(256, 4) void name(const T* dy, T* dx, int rows, int w, int c) {            \
        sirocco::take_turn();                                                                 \
        if (c % sirocco::vector_width<T> == 0) {                                              \
            sirocco::upsample_backward::run<sirocco::vector_width<T>>(dy, dx, rows, w, c);    \
        } else {                                                                              \
            sirocco::upsample_backward::run<1>(dy, dx, rows, w, c);                           \
        }                                                                                     \
    }

KERNEL(float, upsample_backward_f32)
KERNEL(sirocco::bf16, upsample_backward_bf16)
