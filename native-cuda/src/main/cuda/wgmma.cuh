// Hopper's tensor cores: 128 threads, a warpgroup, start a product whose operands are read from shared memory, and go on. Functions as in ptx.cuh.
#pragma once

#include "sirocco.cuh"

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

/**
 * Starts D [64, 64] += A [64, 16] · B [16, 64] of bf16, sums in float32. A warp has 16 rows of D: d[4 j], d[4 j + 1] are
 * D[16 · warp + group][8 j + 2 t] and the next, d[4 j + 2], d[4 j + 3] those 8 rows below; lane = 4 · group + t.
 *
 * @param a matrix_descriptor
 * @param OUTER_A whether A lies along its rows' index instead of the depth; OUTER_B likewise
 */
template <bool OUTER_A, bool OUTER_B>
__device__ __forceinline__ void wgmma(float (&d)[32], unsigned long long a, unsigned long long b SIROCCO_PLACE) {
#ifdef SIROCCO_EMULATED
    ::emulated::wgmma(d, 64, a, b, true, OUTER_A, OUTER_B, place);
#else
    asm volatile("{\n.reg .pred accumulate;\nsetp.eq.u32 accumulate, 0, 0;\nwgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 "
                 "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, "
                 "%21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31}, "
                 "%32, %33, accumulate, 1, 1, %34, %35;\n}"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]),
                   "+f"(d[8]), "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]),
                   "+f"(d[16]), "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]),
                   "+f"(d[24]), "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31])
                 : "l"(a), "l"(b), "n"(OUTER_A), "n"(OUTER_B));
#endif
}

/** The same with 128 columns. */
template <bool OUTER_A, bool OUTER_B>
__device__ __forceinline__ void wgmma(float (&d)[64], unsigned long long a, unsigned long long b SIROCCO_PLACE) {
#ifdef SIROCCO_EMULATED
    ::emulated::wgmma(d, 128, a, b, true, OUTER_A, OUTER_B, place);
#else
    asm volatile("{\n.reg .pred accumulate;\nsetp.eq.u32 accumulate, 0, 0;\nwgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 "
                 "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, "
                 "%21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, "
                 "%40, %41, %42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, "
                 "%59, %60, %61, %62, %63}, "
                 "%64, %65, accumulate, 1, 1, %66, %67;\n}"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]),
                   "+f"(d[8]), "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]),
                   "+f"(d[16]), "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]),
                   "+f"(d[24]), "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]),
                   "+f"(d[32]), "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]),
                   "+f"(d[40]), "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]),
                   "+f"(d[48]), "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]),
                   "+f"(d[56]), "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63])
                 : "l"(a), "l"(b), "n"(OUTER_A), "n"(OUTER_B));
#endif
}

}  // namespace sirocco::ptx
