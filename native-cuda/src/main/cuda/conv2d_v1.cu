// y = x ⋆ w (+ bias) (+ perChannel) (+ residual), as a product of gathered pixels [n·oh·ow, r·s·c] with weights [r·s·c, k]: level 1, shared
// tiles and float32 arithmetic. Any shape. bias, perChannel, residual may be null.
// Traffic: each tile of 32 × 32 results reads 2 · 32 · depth elements, so 8 operations a byte in float32, most of them from the L2 cache.
// Bound by shared memory: 5 loads of it for 4 multiply-adds.
#include "conv_shape.cuh"
#include "gemm_v1.cuh"

namespace sirocco::conv2d_v1 {

template <typename T>
__device__ __forceinline__ void run(const T* x, const T* w, const float* bias, const T* perChannel, const T* residual, const ConvShape& z, T* y) {
    int depth = z.r * z.s * z.c;
    auto pixel = [=](int row, int d) {
        int tap = d / z.c;
        int n = row / (z.oh * z.ow);
        int h = row / z.ow % z.oh * z.stride + tap / z.s - z.top;
        int column = row % z.ow * z.stride + tap % z.s - z.left;
        bool inside = h >= 0 && h < z.h && column >= 0 && column < z.w;
        return inside ? to_float(x[((static_cast<size_t>(n) * z.h + h) * z.w + column) * z.c + d % z.c]) : 0.0f;
    };
    auto weight = [=](int d, int k) { return to_float(w[static_cast<size_t>(k) * depth + d]); };
    auto write = [=](int row, int k, float sum) {
        size_t i = static_cast<size_t>(row) * z.k + k;
        sum += bias == nullptr ? 0.0f : bias[k];
        sum += perChannel == nullptr ? 0.0f : to_float(perChannel[row / (z.oh * z.ow) * z.k + k]);
        sum += residual == nullptr ? 0.0f : to_float(residual[i]);
        y[i] = from_float<T>(sum);
    };
    gemm_v1::product<gemm_v1::Along::DEPTH, gemm_v1::Along::DEPTH>(z.n * z.oh * z.ow, z.k, depth, pixel, weight, write);
}

}  // namespace sirocco::conv2d_v1

#define KERNEL(T, name)                                                                                                                    \
    SIROCCO_KERNEL(256, 4)                                                                                                                 \
    void name(const T* x, const T* w, const float* bias, const T* perChannel, const T* residual, ConvShape shape, T* y) {              \
        sirocco::take_turn();                                                                                                          \
        sirocco::conv2d_v1::run(x, w, bias, perChannel, residual, shape, y);                                                               \
    }

KERNEL(float, conv2d_v1_f32)
KERNEL(sirocco::bf16, conv2d_v1_bf16)
