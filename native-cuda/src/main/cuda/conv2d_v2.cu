// y = convolution of x with w, + bias + perChannel + residual, as implicit GEMM: level 2, float32: tiles in shared memory, sums in registers, fused multiply-adds.
// Traffic: an operand is read once for each tile that it is in, 128 wide: 64 multiply-adds for 8 bytes from L2, 4 for 4 bytes of shared memory.
// Bound: float32 arithmetic, less the time in which a block copies and does not multiply; another block of the multiprocessor fills some of it.
#include "implicit_gemm_convolution.cuh"

SIROCCO_IMPLICIT_GEMM(SIROCCO_CONV2D, conv2d_v2, f32, float, FMA, 1)
