// What every kernel begins with. The same source is read by nvcc and, for machines without a GPU, by a host compiler (SIROCCO_EMULATED, see
// docs/cuda-emulator.md); these macros are what the two do not share.
//
//     SIROCCO_KERNEL(256, 2) void scale_f32(float* x, float factor, int n) { … }      a kernel: at most 256 threads, 2 blocks a multiprocessor
//     sirocco::take_turn();                                                           its first statement: waits for the kernel before (turn.cuh)
//     SIROCCO_SHARED(float, tile, [32][33]);                                          static shared memory: tile is a float[32][33]
//     SIROCCO_DYNAMIC_SHARED(float, stage);                                           dynamic shared memory: stage is a float*, 1024-aligned
//
// Kernels stand at file scope, under a name that no other file uses: name_variant_dtype. Everything else of a file is in a namespace of its
// own, named after the file: the emulated driver links them all.
#pragma once

#ifdef SIROCCO_EMULATED
#include "cuda.hpp"
#else
#include <cstdint>
#endif

#ifdef SIROCCO_EMULATED
#ifdef SIROCCO_LIST_KERNELS  // the build lists kernels by what the preprocessor makes of this
#define SIROCCO_KERNEL(threads, blocks) SIROCCO_KERNEL_HERE(threads, blocks)
#else
#define SIROCCO_KERNEL(threads, blocks) extern "C"
#endif
#define SIROCCO_SHARED(type, name, extent) \
    auto& name = *static_cast<::emulated::Array<type extent>*>( \
            ::emulated::static_shared(::emulated::declaration<decltype([] { })>(), sizeof(type extent), alignof(type)))
#define SIROCCO_DYNAMIC_SHARED(type, name) type* name = reinterpret_cast<type*>(::emulated::here().block->dynamicShared)
#else
#define SIROCCO_KERNEL(threads, blocks) extern "C" __global__ __launch_bounds__(threads, blocks)
#define SIROCCO_SHARED(type, name, extent) __shared__ type name extent
extern __shared__ __align__(1024) unsigned char sirocco_dynamic_shared[];
#define SIROCCO_DYNAMIC_SHARED(type, name) type* name = reinterpret_cast<type*>(sirocco_dynamic_shared)
#endif

/** Defined where wgmma and TMA exist: code for sm_90a. Kernels that need them are empty elsewhere. */
#if defined(__CUDA_ARCH_FEAT_SM90_ALL) || defined(SIROCCO_EMULATED)
#define SIROCCO_HOPPER 1
#endif

namespace sirocco {

constexpr unsigned ALL_LANES = 0xffffffffu;

/** log2(e): exponentials are powers of two. */
constexpr float LOG2E = 1.44269504088896341f;

__device__ __forceinline__ int ceil_div(int a, int b) { return (a + b - 1) / b; }

}  // namespace sirocco

#include "philox.cuh"
#include "ptx.cuh"
#include "reduce.cuh"
#include "storage.cuh"
#include "turn.cuh"
