// dx = the gradient of a convolution's input, as a product of gathered pixels of dy [n·h·w, r·s·k] with weights [r·s·k, c]: level 1. Any shape.
// Traffic and bound: as conv2d_v1.
#include "conv_shape.cuh"
#include "gemm_v1.cuh"

namespace sirocco::conv2d_backward_data_v1 {

template <typename T> __device__ __forceinline__ void run(const T* dy, const T* w, const ConvShape& z, T* dx) {
    // The output pixel that read this input pixel by this tap, if there is one.
    auto pixel = [=](int row, int d) {
        int tap = d / z.k;
        int n = row / (z.h * z.w);
        int h = row / z.w % z.h + z.top - tap / z.s;
        int column = row % z.w + z.left - tap % z.s;
        bool met = h >= 0 && column >= 0 && h % z.stride == 0 && column % z.stride == 0 && h / z.stride < z.oh && column / z.stride < z.ow;
        return met ? to_float(dy[((static_cast<size_t>(n) * z.oh + h / z.stride) * z.ow + column / z.stride) * z.k + d % z.k]) : 0.0f;
    };
    auto weight = [=](int d, int c) { return to_float(w[(static_cast<size_t>(d % z.k) * z.r * z.s + d / z.k) * z.c + c]); };
    auto write = [=](int row, int c, float sum) { dx[static_cast<size_t>(row) * z.c + c] = from_float<T>(sum); };
    gemm_v1::product<gemm_v1::Along::DEPTH, gemm_v1::Along::OUTER>(z.n * z.h * z.w, z.c, z.r * z.s * z.k, pixel, weight, write);
}

}  // namespace sirocco::conv2d_backward_data_v1

SIROCCO_KERNEL(256, 4) void conv2d_backward_data_v1_f32(const float* dy, const float* w, ConvShape shape, float* dx) {
    sirocco::take_turn();
    sirocco::conv2d_backward_data_v1::run(dy, w, shape, dx);
}

SIROCCO_KERNEL(256, 4) void conv2d_backward_data_v1_bf16(const sirocco::bf16* dy, const sirocco::bf16* w, ConvShape shape, sirocco::bf16* dx) {
    sirocco::take_turn();
    sirocco::conv2d_backward_data_v1::run(dy, w, shape, dx);
}
