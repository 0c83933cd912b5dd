// dx = gradient of a convolution's input, from dy and w, as implicit GEMM: level 5, Hopper's tensor cores fed by box copies, results through shared memory.
// Traffic: as level 4. The weights are read as they are, along the input's channels, and transposed by the tensor cores.
// Bound: as conv2d_v5.
#include "implicit_gemm_v5_convolution.cuh"

#define SIROCCO_CONV2D_BACKWARD_DATA_V5(name, ...)                                                                                           \
    SIROCCO_KERNEL(sirocco::implicit_gemm::HOPPER_THREADS, 1)                                                                                \
    void name([[maybe_unused]] const __grid_constant__ sirocco::TensorMap dy, [[maybe_unused]] const __grid_constant__ sirocco::TensorMap w, \
              [[maybe_unused]] ConvShape shape, [[maybe_unused]] sirocco::implicit_gemm::PixelBox box, [[maybe_unused]] sirocco::bf16* dx) { \
        SIROCCO_ON_HOPPER(sirocco::implicit_gemm::backwardDataHopper<__VA_ARGS__>(dy, w, shape, box, dx));                                   \
    }

SIROCCO_IMPLICIT_GEMM_V5(SIROCCO_CONV2D_BACKWARD_DATA_V5, conv2d_backward_data_v5)
