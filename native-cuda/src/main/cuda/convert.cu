// An operand in the other storage type: y = x, rounded to nearest even where it is shortened. 8 elements a thread.
// Traffic: 6 bytes an element, for images and other small operands. Bound by memory bandwidth, or the launch's latency.
#include "sirocco.cuh"

namespace sirocco::convert {

template <typename From, typename To> __device__ __forceinline__ void run(const From* x, To* y, int n) {
    constexpr int V = vector_width<bf16>;
    unsigned first = (blockIdx.x * blockDim.x + threadIdx.x) * V;
    unsigned end = static_cast<unsigned>(n);
    if (first + V <= end) {
        float v[V];
        load(v, x + first);
        store(y + first, v);
    } else {
        for (unsigned i = first; i < end; i++) {
            y[i] = from_float<To>(to_float(x[i]));
        }
    }
}

}  // namespace sirocco::convert

SIROCCO_KERNEL(256, 8) void convert_to_bf16(const float* x, sirocco::bf16* y, int n) {
    sirocco::take_turn();
    sirocco::convert::run(x, y, n);
}

SIROCCO_KERNEL(256, 8) void convert_to_f32(const sirocco::bf16* x, float* y, int n) {
    sirocco::take_turn();
    sirocco::convert::run(x, y, n);
}
