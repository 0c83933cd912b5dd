// dw += gradient of a convolution's weights, from x and dy, as implicit GEMM: level 5, Hopper's tensor cores fed by box copies; sums over pixels in parts.
// Traffic: as level 4. Both operands lie along their channels, and are transposed by the tensor cores.
// Bound: as conv2d_v5; tiles are few, so parts keep the multiprocessors busy.
#include "implicit_gemm_v5_convolution.cuh"

#define SIROCCO_CONV2D_BACKWARD_WEIGHTS_V5(name, ...)                                                                                        \
    SIROCCO_KERNEL(sirocco::implicit_gemm::HOPPER_THREADS, 1)                                                                                \
    void name([[maybe_unused]] const __grid_constant__ sirocco::TensorMap x, [[maybe_unused]] const __grid_constant__ sirocco::TensorMap dy, \
              [[maybe_unused]] ConvShape shape, [[maybe_unused]] sirocco::implicit_gemm::PixelBox box, [[maybe_unused]] int slicesOfPart,    \
              [[maybe_unused]] float* to) {                                                                                                  \
        SIROCCO_ON_HOPPER(sirocco::implicit_gemm::backwardWeightsHopper<__VA_ARGS__>(x, dy, shape, box, slicesOfPart, to));                  \
    }

SIROCCO_IMPLICIT_GEMM_V5(SIROCCO_CONV2D_BACKWARD_WEIGHTS_V5, conv2d_backward_weights_v5)
