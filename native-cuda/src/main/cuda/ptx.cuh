// Instructions that CUDA C++ has no word for, each as a function: inline PTX for nvcc, its meaning in C++ for the emulated driver.
// Hopper's are in tma.cuh and wgmma.cuh. Fragment layouts are the PTX manual's (section "Matrix Fragments for mma"): lane = 4 · group + t.
#pragma once

#ifdef SIROCCO_EMULATED
#define SIROCCO_ONLY_PLACE ::emulated::Place place = ::emulated::Place::current()
#define SIROCCO_PLACE , SIROCCO_ONLY_PLACE
#else
#define SIROCCO_ONLY_PLACE
#define SIROCCO_PLACE
#endif

namespace sirocco::ptx {

#ifndef SIROCCO_EMULATED
__device__ __forceinline__ unsigned shared_address(const void* at) { return static_cast<unsigned>(__cvta_generic_to_shared(at)); }
#endif

// ---- asynchronous copies from global to shared memory (sm_80): they have happened only after wait_group, and for other threads a barrier later

/** 16 bytes past the L1 cache; both addresses multiples of 16. Where take is false 16 zeros are written and nothing is read. */
__device__ __forceinline__ void cp_async_16(void* shared, const void* global, bool take = true) {
#ifdef SIROCCO_EMULATED
    ::emulated::async_copy(shared, global, 16, take ? 16 : 0);
#else
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(shared)), "l"(global), "r"(take ? 16 : 0) : "memory");
#endif
}

/** 4 bytes, through the L1 cache. */
__device__ __forceinline__ void cp_async_4(void* shared, const void* global, bool take = true) {
#ifdef SIROCCO_EMULATED
    ::emulated::async_copy(shared, global, 4, take ? 4 : 0);
#else
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(shared_address(shared)), "l"(global), "r"(take ? 4 : 0) : "memory");
#endif
}

/** Closes a group: the copies of this thread since the last one. */
__device__ __forceinline__ void cp_async_commit() {
#ifdef SIROCCO_EMULATED
    ::emulated::commit_copies();
#else
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

/** Waits until at most the newest Pending groups of this thread are under way. */
template <int Pending> __device__ __forceinline__ void cp_async_wait() {
#ifdef SIROCCO_EMULATED
    ::emulated::wait_copies(Pending);
#else
    asm volatile("cp.async.wait_group %0;" ::"n"(Pending) : "memory");
#endif
}

/** Waits for all copies of this thread, in a group or not. */
__device__ __forceinline__ void cp_async_wait_all() {
#ifdef SIROCCO_EMULATED
    ::emulated::wait_all_copies();
#else
    asm volatile("cp.async.wait_all;" ::: "memory");
#endif
}

// ---- tensor cores (sm_80)

/** Four 8 × 8 matrices of 16-bit numbers: lane l gives the address of row l % 8 of matrix l / 8 and gets of matrix i, in d[i], row l / 4, columns 2 (l % 4) and the next. */
__device__ __forceinline__ void ldmatrix_x4(unsigned (&d)[4], const void* row SIROCCO_PLACE) {
#ifdef SIROCCO_EMULATED
    ::emulated::load_matrices(d, row, 4, false, place);
#else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(d[0]), "=r"(d[1]), "=r"(d[2]), "=r"(d[3]) : "r"(shared_address(row)) : "memory");
#endif
}

/** The same of the transposed matrices. */
__device__ __forceinline__ void ldmatrix_x4_trans(unsigned (&d)[4], const void* row SIROCCO_PLACE) {
#ifdef SIROCCO_EMULATED
    ::emulated::load_matrices(d, row, 4, true, place);
#else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(d[0]), "=r"(d[1]), "=r"(d[2]), "=r"(d[3]) : "r"(shared_address(row)) : "memory");
#endif
}

/** Two matrices: the addresses of lanes 0 … 15 count. */
__device__ __forceinline__ void ldmatrix_x2(unsigned (&d)[2], const void* row SIROCCO_PLACE) {
#ifdef SIROCCO_EMULATED
    ::emulated::load_matrices(d, row, 2, false, place);
#else
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0,%1}, [%2];" : "=r"(d[0]), "=r"(d[1]) : "r"(shared_address(row)) : "memory");
#endif
}

__device__ __forceinline__ void ldmatrix_x2_trans(unsigned (&d)[2], const void* row SIROCCO_PLACE) {
#ifdef SIROCCO_EMULATED
    ::emulated::load_matrices(d, row, 2, true, place);
#else
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0,%1}, [%2];" : "=r"(d[0]), "=r"(d[1]) : "r"(shared_address(row)) : "memory");
#endif
}

/**
 * D += A · B with D 16 × 8 float32, A 16 × 16 bf16 by rows, B 16 × 8 bf16 by columns.
 * a[0]: A[group][2t, 2t + 1], a[1]: row + 8, a[2]: column + 8, a[3]: both. b[0]: B[2t, 2t + 1][group], b[1]: row + 8.
 * d[0], d[1]: D[group][2t, 2t + 1]; d[2], d[3]: row + 8.
 */
__device__ __forceinline__ void mma_m16n8k16_bf16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2] SIROCCO_PLACE) {
#ifdef SIROCCO_EMULATED
    ::emulated::mma_bf16(d, a, b, place);
#else
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

/**
 * D += A · B with D 16 × 8 float32, A 16 × 8 and B 8 × 8 in TF32 (float32 bits, see to_tf32).
 * a[0]: A[group][t], a[1]: row + 8, a[2]: column + 4, a[3]: both. b[0]: B[t][group], b[1]: row + 4. D as above.
 */
__device__ __forceinline__ void mma_m16n8k8_tf32(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2] SIROCCO_PLACE) {
#ifdef SIROCCO_EMULATED
    ::emulated::mma_tf32(d, a, b, place);
#else
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

// ---- conversions and arithmetic

/** Two bf16 in a register, the first in the low half; rounded to nearest even. */
__device__ __forceinline__ unsigned pack_bf16(float low, float high) {
#ifdef SIROCCO_EMULATED
    auto half = [](float x) {
        unsigned bits = __float_as_uint(x);
        return x != x ? 0x7fffu : (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
    };
    return half(low) | half(high) << 16;
#else
    unsigned pair;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
    return pair;
#endif
}

/** The nearest TF32 number (10 bits of significand), ties away from zero, as float32 bits. */
__device__ __forceinline__ unsigned to_tf32(float x) {
#ifdef SIROCCO_EMULATED
    return x != x || isinf(x) ? __float_as_uint(x) : (__float_as_uint(x) + 0x1000u) & ~0x1fffu;
#else
    unsigned bits;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
    return bits;
#endif
}

/** 2^x, relative error below 2^-22. */
__device__ __forceinline__ float exp2_approx(float x) {
#ifdef SIROCCO_EMULATED
    return std::exp2(x);
#else
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
#endif
}

// ---- barriers of a part of the block (bar.sync): id 1 … 15, threads a multiple of 32

__device__ __forceinline__ void barrier_sync(int id, int threads SIROCCO_PLACE) {
#ifdef SIROCCO_EMULATED
    ::emulated::barrier(id, threads, true, 0, "bar.sync", place);
#else
    asm volatile("bar.sync %0, %1;" ::"r"(id), "r"(threads) : "memory");
#endif
}

/** Arrives and goes on. */
__device__ __forceinline__ void barrier_arrive(int id, int threads SIROCCO_PLACE) {
#ifdef SIROCCO_EMULATED
    ::emulated::barrier(id, threads, false, 0, "bar.arrive", place);
#else
    asm volatile("bar.arrive %0, %1;" ::"r"(id), "r"(threads) : "memory");
#endif
}

}  // namespace sirocco::ptx
