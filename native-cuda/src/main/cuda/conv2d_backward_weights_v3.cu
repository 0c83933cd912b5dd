// dw += the gradient of a convolution's weights, as implicit GEMM: level 3, tensor cores. Operands bf16, or float32 rounded to TF32.
// The pixels in parts, summed by conv2d_sum_parts: with 64 × 9 · 64 weights there are few tiles, and many pixels.
// Traffic: as level 2, half of it in bf16; 10 multiply-adds for a byte of shared memory (bf16).
// Bound: the latency of copies. Tensor cores finish a slice in less time than it takes to come.
#include "implicit_gemm_convolution.cuh"

SIROCCO_IMPLICIT_GEMM(SIROCCO_CONV2D_BACKWARD_WEIGHTS, conv2d_backward_weights_v3, bf16, sirocco::bf16, TENSOR_CORES, 1)
SIROCCO_IMPLICIT_GEMM(SIROCCO_CONV2D_BACKWARD_WEIGHTS, conv2d_backward_weights_v3, tf32, float, TENSOR_CORES, 1)
