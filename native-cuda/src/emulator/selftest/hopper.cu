// Hopper's instructions: kernels that the emulator's own tests compare with a plain loop.
#include "tma.cuh"
#include "wgmma.cuh"

namespace {

using namespace sirocco;

constexpr int DEPTH = 64;
constexpr int PANEL_BYTES = 64 * DEPTH * 2;

/** D [64, N] = A [64, 64] · B [64, N], each given along the depth, or along its rows or columns; by one warpgroup. */
template <int N, bool OUTER_A, bool OUTER_B> __device__ __forceinline__ void product(const TensorMap& a, const TensorMap& b, float* d) {
    SIROCCO_DYNAMIC_SHARED(unsigned char, shared);
    SIROCCO_SHARED(Mbarrier, arrived, [1]);
    unsigned char* tileB = shared + PANEL_BYTES;
    if (threadIdx.x == 0) {
        ptx::mbarrier_init(arrived, 1);
        ptx::fence_mbarrier_init();
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        ptx::mbarrier_arrive_expect(arrived, PANEL_BYTES * (1 + N / 64));
        ptx::copy_box(shared, a, arrived, 0, 0, 0);
        if (OUTER_B) {
            for (int panel = 0; panel < N / 64; panel++) {
                ptx::copy_box(tileB + panel * PANEL_BYTES, b, arrived, 64 * panel, 0, 0);
            }
        } else {
            ptx::copy_box(tileB, b, arrived, 0, 0, 0);
        }
    }
    ptx::mbarrier_wait(arrived, 0);
    float sums[N / 2] = {};
    ptx::wgmma_fence();
#pragma unroll
    for (int step = 0; step < DEPTH / 16; step++) {
        ptx::wgmma<OUTER_A, OUTER_B>(sums, ptx::matrix_descriptor(shared + step * (OUTER_A ? 2048 : 32), PANEL_BYTES, 1024),
                                     ptx::matrix_descriptor(tileB + step * (OUTER_B ? 2048 : 32), PANEL_BYTES, 1024));
    }
    ptx::wgmma_commit();
    ptx::wgmma_wait<0>();
    ptx::wgmma_arrived(sums);
    int row = threadIdx.x / 32 * 16 + threadIdx.x % 32 / 4;
    int column = threadIdx.x % 4 * 2;
    for (int i = 0; i < N / 2; i++) {
        d[(row + i / 2 % 2 * 8) * N + column + i / 4 * 8 + i % 2] = sums[i];
    }
}

}  // namespace

SIROCCO_KERNEL(128, 1) void selftest_wgmma_64(const __grid_constant__ TensorMap a, const __grid_constant__ TensorMap b, float* d) {
    product<64, false, false>(a, b, d);
}

SIROCCO_KERNEL(128, 1) void selftest_wgmma_128(const __grid_constant__ TensorMap a, const __grid_constant__ TensorMap b, float* d) {
    product<128, false, false>(a, b, d);
}

SIROCCO_KERNEL(128, 1) void selftest_wgmma_128_outer_b(const __grid_constant__ TensorMap a, const __grid_constant__ TensorMap b, float* d) {
    product<128, false, true>(a, b, d);
}

SIROCCO_KERNEL(128, 1) void selftest_wgmma_64_outer_a(const __grid_constant__ TensorMap a, const __grid_constant__ TensorMap b, float* d) {
    product<64, true, false>(a, b, d);
}

SIROCCO_KERNEL(128, 1) void selftest_wgmma_128_outer(const __grid_constant__ TensorMap a, const __grid_constant__ TensorMap b, float* d) {
    product<128, true, true>(a, b, d);
}

/** A box with rows of 128 bytes, as it lies in shared memory, to out; bytes are announced after they may have come. */
SIROCCO_KERNEL(64, 1) void selftest_copies_box(const __grid_constant__ TensorMap map, int bytes, int i0, int i1, int i2, int i3, unsigned* out) {
    SIROCCO_DYNAMIC_SHARED(unsigned, box);
    SIROCCO_SHARED(Mbarrier, arrived, [1]);
    if (threadIdx.x == 0) {
        ptx::mbarrier_init(arrived, 1);
        ptx::fence_mbarrier_init();
    }
    __syncthreads();
    if (threadIdx.x == 32) {
        ptx::copy_box(box, map, arrived, i0, i1, i2, i3);
        ptx::mbarrier_arrive_expect(arrived, bytes);
    }
    ptx::mbarrier_wait(arrived, 0);
    for (int i = threadIdx.x; i < bytes / 4; i += blockDim.x) {
        out[i] = box[i];
    }
}

/** A ring of two boxes: one thread fills it, a warp empties it, each waits for the other. Sums of each of so many boxes' first word. */
SIROCCO_KERNEL(64, 1) void selftest_ring_of_boxes(const __grid_constant__ TensorMap map, int boxes, unsigned* out) {
    constexpr int BYTES = 1024;
    SIROCCO_DYNAMIC_SHARED(unsigned, ring);
    SIROCCO_SHARED(Mbarrier, full, [2]);
    SIROCCO_SHARED(Mbarrier, empty, [2]);
    if (threadIdx.x == 0) {
        for (int i = 0; i < 2; i++) {
            ptx::mbarrier_init(&full[i], 1);
            ptx::mbarrier_init(&empty[i], 32);
        }
        ptx::fence_mbarrier_init();
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        for (int i = 0; i < boxes; i++) {
            ptx::mbarrier_wait(&empty[i % 2], (i / 2 & 1) ^ 1);
            ptx::mbarrier_arrive_expect(&full[i % 2], BYTES);
            ptx::copy_box(ring + i % 2 * BYTES / 4, map, &full[i % 2], 0, 8 * i, 0);
        }
    } else if (threadIdx.x >= 32) {
        for (int i = 0; i < boxes; i++) {
            ptx::mbarrier_wait(&full[i % 2], i / 2 & 1);
            unsigned sum = ring[i % 2 * BYTES / 4 + threadIdx.x % 32];
            ptx::mbarrier_arrive(&empty[i % 2]);
            out[32 * i + threadIdx.x % 32] = sum;
        }
    }
}
