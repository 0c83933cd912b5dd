// y = convolution of x with w, + bias + perChannel + residual, as implicit GEMM: level 5, Hopper's tensor cores fed by box copies, results through shared memory.
// Traffic: as level 4. From the L2 cache 48 KiB for 4.2 MFLOP with the largest tile: 85 operations for a byte.
// Bound: the L2 cache; at nine tenths of the tensor cores' rate, shared memory; where tiles are few, multiprocessors without one.
#include "implicit_gemm_v5_convolution.cuh"

#define SIROCCO_CONV2D_V5(name, ...)                                                                                                       \
    SIROCCO_KERNEL(sirocco::implicit_gemm::HOPPER_THREADS, 1)                                                                              \
    void name([[maybe_unused]] const __grid_constant__ sirocco::TensorMap x, [[maybe_unused]] const __grid_constant__ sirocco::TensorMap w, \
              [[maybe_unused]] const float* bias, [[maybe_unused]] const sirocco::bf16* perChannel,                                        \
              [[maybe_unused]] const sirocco::bf16* residual, [[maybe_unused]] ConvShape shape,                                            \
              [[maybe_unused]] sirocco::implicit_gemm::PixelBox box, [[maybe_unused]] sirocco::bf16* y) {                                  \
        SIROCCO_ON_HOPPER(sirocco::implicit_gemm::forwardHopper<__VA_ARGS__>(                                                              \
                x, w, {bias, perChannel, residual, y, shape.oh, shape.ow, shape.k}, shape, box));                                          \
    }

SIROCCO_IMPLICIT_GEMM_V5(SIROCCO_CONV2D_V5, conv2d_v5)
