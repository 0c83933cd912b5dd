// CUDA's qualifiers and vector types for a host compiler.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>

#define __device__
#define __host__
#define __global__
#define __constant__ const
#define __forceinline__ inline __attribute__((always_inline))
#define __align__(bytes) alignas(bytes)
#define __launch_bounds__(...)
#define __grid_constant__
// Not defined on purpose: __shared__. Kernels declare shared memory with the macros of sirocco.cuh, so that it is the emulated block's.

struct uint3 { unsigned x, y, z; };

struct dim3 {
    unsigned x = 1, y = 1, z = 1;
};

#define SIROCCO_VECTOR_2(T, name, bytes) \
    struct alignas(bytes) name { T x, y; }; \
    inline name make_##name(T x, T y) { return {x, y}; }
#define SIROCCO_VECTOR_4(T, name, bytes) \
    struct alignas(bytes) name { T x, y, z, w; }; \
    inline name make_##name(T x, T y, T z, T w) { return {x, y, z, w}; }

SIROCCO_VECTOR_2(float, float2, 8)
SIROCCO_VECTOR_2(double, double2, 16)
SIROCCO_VECTOR_2(int, int2, 8)
SIROCCO_VECTOR_2(unsigned, uint2, 8)
SIROCCO_VECTOR_2(unsigned short, ushort2, 4)
SIROCCO_VECTOR_2(unsigned char, uchar2, 2)
SIROCCO_VECTOR_4(float, float4, 16)
SIROCCO_VECTOR_4(int, int4, 16)
SIROCCO_VECTOR_4(unsigned, uint4, 16)
SIROCCO_VECTOR_4(unsigned short, ushort4, 8)
SIROCCO_VECTOR_4(unsigned char, uchar4, 4)

#undef SIROCCO_VECTOR_2
#undef SIROCCO_VECTOR_4

struct float3 { float x, y, z; };
struct int3 { int x, y, z; };
inline float3 make_float3(float x, float y, float z) { return {x, y, z}; }
inline int3 make_int3(int x, int y, int z) { return {x, y, z}; }
