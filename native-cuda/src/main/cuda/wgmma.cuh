// Hopper's tensor cores: 128 threads, a warpgroup, start a product whose operands are read from shared memory, and go on. Functions as in ptx.cuh.
#pragma once

#include "sirocco.cuh"

#if !defined(SIROCCO_EMULATED) && !defined(SIROCCO_HOPPER_FILE)
#error "wgmma is sm_90a's own: the Makefile compiles files for it whose names end in _v5"
#endif

namespace sirocco::ptx {

/**
 * Says where an operand lies in shared memory: rows of 128 bytes, their 16-byte chunks swizzled as copies of boxes do it, from a multiple of 1024 on.
 *
 *     along the depth   a row for each index, 64 bf16 of the depth     eight: bytes to the next 8 rows
 *     along the index   a row for each depth, 64 bf16 of the index     eight: bytes to the next 8 of the depth; panel: to the next 64 of the index
 *
 * A product takes 16 of the depth: the next are 32 bytes, or 16 rows, further.
 */
__device__ __forceinline__ unsigned long long matrix_descriptor(const void* at, unsigned panel, unsigned eight) {
    constexpr unsigned long long SWIZZLE_128_BYTES = 1ull << 62;
#ifdef SIROCCO_EMULATED
    unsigned address = ::emulated::shared_address(at);
#else
    unsigned address = shared_address(at);
#endif
    return static_cast<unsigned long long>((address & 0x3ffff) >> 4) | static_cast<unsigned long long>(panel >> 4) << 16
            | static_cast<unsigned long long>(eight >> 4) << 32 | SWIZZLE_128_BYTES;
}

/** Before the first product, and before one whose registers have been read or written by anything else. */
__device__ __forceinline__ void wgmma_fence() {
#ifdef SIROCCO_EMULATED
    ::emulated::wgmma_fence();
#else
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#endif
}

/** Closes a group: the products since the last one. */
__device__ __forceinline__ void wgmma_commit() {
#ifdef SIROCCO_EMULATED
    ::emulated::wgmma_commit();
#else
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
#endif
}

/** Waits until at most the newest Pending groups are under way: others have read shared memory and written their registers. */
template <int Pending> __device__ __forceinline__ void wgmma_wait(SIROCCO_ONLY_PLACE) {
#ifdef SIROCCO_EMULATED
    ::emulated::wgmma_wait(Pending, place);
#else
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(Pending) : "memory");
#endif
}

/** Keeps the compiler from using registers before the wait that stands above. */
template <int N> __device__ __forceinline__ void wgmma_arrived([[maybe_unused]] float (&d)[N]) {
#ifndef SIROCCO_EMULATED
#pragma unroll
    for (int i = 0; i < N; i++) {
        asm volatile("" : "+f"(d[i])::"memory");
    }
#endif
}

#ifndef SIROCCO_EMULATED
#define SIROCCO_WGMMA_REGISTERS_0 \
    "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, " \
    "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31"
#define SIROCCO_WGMMA_REGISTERS_32 \
    "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, " \
    "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"
#define SIROCCO_WGMMA_8(i) \
    "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3]), "+f"(d[i + 4]), "+f"(d[i + 5]), "+f"(d[i + 6]), "+f"(d[i + 7])
#define SIROCCO_WGMMA_32(i) SIROCCO_WGMMA_8(i), SIROCCO_WGMMA_8(i + 8), SIROCCO_WGMMA_8(i + 16), SIROCCO_WGMMA_8(i + 24)
/** After the columns and the registers of D: what the descriptors and the directions are numbered, then the constraints of D. */
#define SIROCCO_WGMMA(columns, registers, left, right, outerLeft, outerRight, ...)                                                  \
    asm volatile("{\n.reg .pred accumulate;\nsetp.eq.u32 accumulate, 0, 0;\nwgmma.mma_async.sync.aligned.m64n" columns               \
                 "k16.f32.bf16.bf16 {" registers "}, " left ", " right ", accumulate, 1, 1, " outerLeft ", " outerRight ";\n}"       \
                 : __VA_ARGS__ : "l"(a), "l"(b), "n"(OUTER_A), "n"(OUTER_B))
#endif

/**
 * Starts D [64, 2 N] += A [64, 16] · B [16, 2 N] of bf16, sums in float32; 64 or 128 columns. A warp has 16 rows of D: d[4 j], d[4 j + 1] are
 * D[16 · warp + group][8 j + 2 t] and the next, d[4 j + 2], d[4 j + 3] those 8 rows below; lane = 4 · group + t.
 *
 * @param a matrix_descriptor
 * @param OUTER_A whether A lies along its rows' index instead of the depth; OUTER_B likewise
 */
template <bool OUTER_A, bool OUTER_B, int N>
__device__ __forceinline__ void wgmma(float (&d)[N], unsigned long long a, unsigned long long b SIROCCO_PLACE) {
    static_assert(N == 32 || N == 64);
#ifdef SIROCCO_EMULATED
    ::emulated::wgmma(d, 2 * N, a, b, true, OUTER_A, OUTER_B, place);
#else
    if constexpr (N == 32) {
        SIROCCO_WGMMA("64", SIROCCO_WGMMA_REGISTERS_0, "%32", "%33", "%34", "%35", SIROCCO_WGMMA_32(0));
    } else {
        SIROCCO_WGMMA("128", SIROCCO_WGMMA_REGISTERS_0 ", " SIROCCO_WGMMA_REGISTERS_32, "%64", "%65", "%66", "%67", SIROCCO_WGMMA_32(0), SIROCCO_WGMMA_32(32));
    }
#endif
}

}  // namespace sirocco::ptx

#undef SIROCCO_WGMMA_REGISTERS_0
#undef SIROCCO_WGMMA_REGISTERS_32
#undef SIROCCO_WGMMA_8
#undef SIROCCO_WGMMA_32
#undef SIROCCO_WGMMA
