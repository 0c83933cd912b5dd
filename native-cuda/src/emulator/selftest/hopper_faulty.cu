// Mistakes with Hopper's instructions, that the emulated driver has to notice. Each kernel copies a box of 64 × 64 bf16, and most multiply it by itself.
#include "tma.cuh"
#include "wgmma.cuh"

namespace {

using namespace sirocco;

constexpr int BYTES = 64 * 64 * 2;

__device__ __forceinline__ void make(Mbarrier* arrived, bool fence = true) {
    if (threadIdx.x == 0) {
        ptx::mbarrier_init(arrived, 1);
        if (fence) {
            ptx::fence_mbarrier_init();
        }
    }
    __syncthreads();
}

__device__ __forceinline__ void fetch(unsigned char* to, const TensorMap& map, Mbarrier* arrived, int bytes = BYTES) {
    if (threadIdx.x == 0) {
        ptx::mbarrier_arrive_expect(arrived, bytes);
        ptx::copy_box(to, map, arrived, 0, 0, 0);
    }
}

__device__ __forceinline__ unsigned long long operand(const unsigned char* tile) { return ptx::matrix_descriptor(tile, BYTES, 1024); }

}  // namespace

#define SIROCCO_FAULTY(name) SIROCCO_KERNEL(128, 1) void selftest_##name([[maybe_unused]] const __grid_constant__ TensorMap map, float* out)

SIROCCO_FAULTY(reads_before_the_copy_has_come) {
    SIROCCO_DYNAMIC_SHARED(unsigned char, tile);
    SIROCCO_SHARED(Mbarrier, arrived, [1]);
    make(arrived);
    fetch(tile, map, arrived);
    __syncthreads();
    out[threadIdx.x] = to_float(reinterpret_cast<const bf16*>(tile)[threadIdx.x]);
    ptx::mbarrier_wait(arrived, 0);
}

SIROCCO_FAULTY(waits_for_the_wrong_parity) {
    SIROCCO_DYNAMIC_SHARED(unsigned char, tile);
    SIROCCO_SHARED(Mbarrier, arrived, [1]);
    make(arrived);
    fetch(tile, map, arrived);
    ptx::mbarrier_wait(arrived, 1);
    out[threadIdx.x] = to_float(reinterpret_cast<const bf16*>(tile)[threadIdx.x]);
    ptx::mbarrier_wait(arrived, 0);
}

SIROCCO_FAULTY(expects_too_many_bytes) {
    SIROCCO_DYNAMIC_SHARED(unsigned char, tile);
    SIROCCO_SHARED(Mbarrier, arrived, [1]);
    make(arrived);
    fetch(tile, map, arrived, BYTES + 128);
    ptx::mbarrier_wait(arrived, 0);
    out[threadIdx.x] = 0.0f;
}

SIROCCO_FAULTY(forgets_the_fence_of_an_mbarrier) {
    SIROCCO_DYNAMIC_SHARED(unsigned char, tile);
    SIROCCO_SHARED(Mbarrier, arrived, [1]);
    make(arrived, false);
    fetch(tile, map, arrived);
    ptx::mbarrier_wait(arrived, 0);
    out[threadIdx.x] = 0.0f;
}

SIROCCO_FAULTY(waits_for_what_is_no_mbarrier) {
    SIROCCO_SHARED(Mbarrier, arrived, [2]);
    make(arrived);
    ptx::mbarrier_wait(&arrived[1], 0);
    out[threadIdx.x] = 0.0f;
}

SIROCCO_FAULTY(arrives_twice) {
    SIROCCO_SHARED(Mbarrier, arrived, [1]);
    make(arrived);
    if (threadIdx.x == 0) {
        ptx::mbarrier_arrive_expect(arrived, 16);
        ptx::mbarrier_arrive(arrived);
    }
    out[threadIdx.x] = 0.0f;
}

SIROCCO_FAULTY(misaligns_a_box) {
    SIROCCO_DYNAMIC_SHARED(unsigned char, tile);
    SIROCCO_SHARED(Mbarrier, arrived, [1]);
    make(arrived);
    fetch(tile + 64, map, arrived);
    ptx::mbarrier_wait(arrived, 0);
    out[threadIdx.x] = 0.0f;
}

SIROCCO_FAULTY(leaves_a_copy_behind) {
    SIROCCO_DYNAMIC_SHARED(unsigned char, tile);
    SIROCCO_SHARED(Mbarrier, arrived, [1]);
    make(arrived);
    fetch(tile, map, arrived);
    out[threadIdx.x] = 0.0f;
}

SIROCCO_FAULTY(uses_sums_before_the_wait) {
    SIROCCO_DYNAMIC_SHARED(unsigned char, tile);
    SIROCCO_SHARED(Mbarrier, arrived, [1]);
    make(arrived);
    fetch(tile, map, arrived);
    ptx::mbarrier_wait(arrived, 0);
    float sums[32] = {};
    ptx::wgmma_fence();
    ptx::wgmma<false, false>(sums, operand(tile), operand(tile));
    ptx::wgmma_commit();
    out[threadIdx.x] = sums[0];
    ptx::wgmma_wait<0>();
    out[128 + threadIdx.x] = sums[0];
}

SIROCCO_FAULTY(forgets_the_fence_of_sums) {
    SIROCCO_DYNAMIC_SHARED(unsigned char, tile);
    SIROCCO_SHARED(Mbarrier, arrived, [1]);
    make(arrived);
    fetch(tile, map, arrived);
    ptx::mbarrier_wait(arrived, 0);
    float sums[32] = {};
    ptx::wgmma<false, false>(sums, operand(tile), operand(tile));
    ptx::wgmma_commit();
    ptx::wgmma_wait<0>();
    out[threadIdx.x] = sums[0];
}

SIROCCO_FAULTY(forgets_to_commit) {
    SIROCCO_DYNAMIC_SHARED(unsigned char, tile);
    SIROCCO_SHARED(Mbarrier, arrived, [1]);
    make(arrived);
    fetch(tile, map, arrived);
    ptx::mbarrier_wait(arrived, 0);
    float sums[32] = {};
    ptx::wgmma_fence();
    ptx::wgmma<false, false>(sums, operand(tile), operand(tile));
    ptx::wgmma_wait<0>();
    out[threadIdx.x] = sums[0];
}

/** Fetches the next box to where products still read. */
SIROCCO_FAULTY(overwrites_an_operand) {
    SIROCCO_DYNAMIC_SHARED(unsigned char, tile);
    SIROCCO_SHARED(Mbarrier, arrived, [1]);
    make(arrived);
    fetch(tile, map, arrived);
    ptx::mbarrier_wait(arrived, 0);
    float sums[32] = {};
    ptx::wgmma_fence();
    ptx::wgmma<false, false>(sums, operand(tile), operand(tile));
    ptx::wgmma_commit();
    __syncthreads();
    fetch(tile, map, arrived);
    __syncthreads();
    ptx::wgmma_wait<0>();
    out[threadIdx.x] = sums[0];
    ptx::mbarrier_wait(arrived, 1);
}

SIROCCO_FAULTY(misaligns_an_operand) {
    SIROCCO_DYNAMIC_SHARED(unsigned char, tile);
    float sums[32] = {};
    ptx::wgmma_fence();
    ptx::wgmma<false, false>(sums, operand(tile + 128), operand(tile));
    ptx::wgmma_commit();
    ptx::wgmma_wait<0>();
    out[threadIdx.x] = sums[0];
}

SIROCCO_FAULTY(multiplies_by_half_a_warpgroup) {
    SIROCCO_DYNAMIC_SHARED(unsigned char, tile);
    float sums[32] = {};
    if (threadIdx.x < 64) {
        ptx::wgmma_fence();
        ptx::wgmma<false, false>(sums, operand(tile), operand(tile));
        ptx::wgmma_commit();
        ptx::wgmma_wait<0>();
    }
    out[threadIdx.x] = sums[0];
}

SIROCCO_FAULTY(multiplies_other_operands_in_each_warp) {
    SIROCCO_DYNAMIC_SHARED(unsigned char, tile);
    float sums[32] = {};
    ptx::wgmma_fence();
    ptx::wgmma<false, false>(sums, operand(tile + threadIdx.x / 32 * 1024), operand(tile));
    ptx::wgmma_commit();
    ptx::wgmma_wait<0>();
    out[threadIdx.x] = sums[0];
}
