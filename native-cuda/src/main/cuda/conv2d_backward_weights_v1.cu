// dw += the gradient of a convolution's weights, as a product of dy transposed [k, n·oh·ow] with gathered pixels [n·oh·ow, r·s·c]: level 1.
// Any shape. The depth is not split, so the order of the sum is that of the pixels.
// Traffic: as conv2d_v1. Bound by latency where k · r · s · c makes fewer tiles than there are multiprocessors.
#include "conv_shape.cuh"
#include "gemm_v1.cuh"

namespace sirocco::conv2d_backward_weights_v1 {

template <typename T> __device__ __forceinline__ void run(const T* x, const T* dy, const ConvShape& z, float* dw) {
    auto gradient = [=](int k, int p) { return to_float(dy[static_cast<size_t>(p) * z.k + k]); };
    auto pixel = [=](int p, int column) {
        int tap = column / z.c;
        int n = p / (z.oh * z.ow);
        int h = p / z.ow % z.oh * z.stride + tap / z.s - z.top;
        int across = p % z.ow * z.stride + tap % z.s - z.left;
        bool inside = h >= 0 && h < z.h && across >= 0 && across < z.w;
        return inside ? to_float(x[((static_cast<size_t>(n) * z.h + h) * z.w + across) * z.c + column % z.c]) : 0.0f;
    };
    auto add = [=](int k, int column, float sum) { dw[static_cast<size_t>(k) * z.r * z.s * z.c + column] += sum; };
    gemm_v1::product<gemm_v1::Along::OUTER, gemm_v1::Along::OUTER>(z.k, z.r * z.s * z.c, z.n * z.oh * z.ow, gradient, pixel, add);
}

}  // namespace sirocco::conv2d_backward_weights_v1

SIROCCO_KERNEL(256, 4) void conv2d_backward_weights_v1_f32(const float* x, const float* dy, ConvShape shape, float* dw) {
    sirocco::take_turn();
    sirocco::conv2d_backward_weights_v1::run(x, dy, shape, dw);
}

SIROCCO_KERNEL(256, 4) void conv2d_backward_weights_v1_bf16(const sirocco::bf16* x, const sirocco::bf16* dy, ConvShape shape, float* dw) {
    sirocco::take_turn();
    sirocco::conv2d_backward_weights_v1::run(x, dy, shape, dw);
}
