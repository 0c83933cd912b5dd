// y = convolution of x with w, + bias + perChannel + residual, as implicit GEMM: level 4, tensor cores, four slices under way at a time, results through shared memory.
// Traffic: as level 3; results 16 bytes a thread, whole lines of 128 bytes.
// Bound: tensor cores where depth and tiles are many; else the fill of the pipeline, and multiprocessors without a tile.
#include "implicit_gemm_convolution.cuh"

SIROCCO_IMPLICIT_GEMM_V4(SIROCCO_CONV2D, conv2d_v4, bf16, sirocco::bf16)
SIROCCO_IMPLICIT_GEMM_V4(SIROCCO_CONV2D, conv2d_v4, tf32, float)
