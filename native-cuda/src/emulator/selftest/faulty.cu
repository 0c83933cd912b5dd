// Kernels with a mistake each, that the emulated driver has to notice.
#include "sirocco.cuh"

/** Writes one element beyond the end. */
SIROCCO_KERNEL(64, 1) void selftest_writes_beyond(float* x, int n) {
    for (int i = threadIdx.x; i <= n; i += blockDim.x) {
        x[i] = 1.0f;
    }
}

/** Writes one float beyond dynamic shared memory of 64. */
SIROCCO_KERNEL(64, 1) void selftest_writes_beyond_shared(float* x) {
    SIROCCO_DYNAMIC_SHARED(float, tile);
    tile[threadIdx.x + 1] = x[threadIdx.x];
}

/** Reverses 64 numbers without waiting for those who wrote them. */
SIROCCO_KERNEL(64, 1) void selftest_forgets_barrier(float* x) {
    SIROCCO_SHARED(float, tile, [64]);
    tile[threadIdx.x] = x[threadIdx.x];
    x[threadIdx.x] = tile[63 - threadIdx.x];
}

/** Overwrites a tile before all have read it. */
SIROCCO_KERNEL(64, 1) void selftest_overwrites_early(float* x) {
    SIROCCO_SHARED(float, tile, [64]);
    for (int round = 0; round < 2; round++) {
        tile[threadIdx.x] = x[threadIdx.x] + round;
        __syncthreads();
        x[threadIdx.x + 64 * (round + 1)] = tile[63 - threadIdx.x];
    }
}

/** Reads its own cp.async without waiting for it. */
SIROCCO_KERNEL(64, 1) void selftest_forgets_wait(float* x) {
    SIROCCO_SHARED(float, tile, [64]);
    sirocco::ptx::cp_async_4(&tile[threadIdx.x], &x[threadIdx.x]);
    sirocco::ptx::cp_async_commit();
    x[threadIdx.x] = 2.0f * tile[threadIdx.x];
}

/** Waits for all groups but one too many. */
SIROCCO_KERNEL(64, 1) void selftest_waits_for_wrong_group(float* x) {
    SIROCCO_SHARED(float, tile, [128]);
    for (int stage = 0; stage < 2; stage++) {
        sirocco::ptx::cp_async_4(&tile[64 * stage + threadIdx.x], &x[64 * stage + threadIdx.x]);
        sirocco::ptx::cp_async_commit();
    }
    sirocco::ptx::cp_async_wait<1>();
    x[threadIdx.x] = tile[threadIdx.x];
    x[64 + threadIdx.x] = tile[64 + threadIdx.x];
}

/** Half of the block leaves before the barrier. */
SIROCCO_KERNEL(64, 1) void selftest_exits_before_barrier(float* x) {
    if (threadIdx.x >= 32) {
        return;
    }
    __syncthreads();
    x[threadIdx.x] = 1.0f;
}

/** The halves of the block wait at two barriers. */
SIROCCO_KERNEL(64, 1) void selftest_divergent_barrier(float* x) {
    if (threadIdx.x < 32) {
        __syncthreads();
        x[threadIdx.x] = 1.0f;
    } else {
        x[threadIdx.x] = 2.0f;
        __syncthreads();
    }
}

/** Only half of a warp comes to a shuffle of all. */
SIROCCO_KERNEL(32, 1) void selftest_half_a_warp(float* x) {
    if (threadIdx.x < 16) {
        x[threadIdx.x] = sirocco::warp_sum(1.0f);
    }
}

/** A row that does not begin at a multiple of 16 bytes. */
SIROCCO_KERNEL(32, 1) void selftest_misaligned_row(unsigned* x) {
    SIROCCO_SHARED(unsigned short, tile, [32 * 8 + 8]);
    unsigned d[4];
    sirocco::ptx::ldmatrix_x4(d, &tile[threadIdx.x * 8 + 1]);
    x[threadIdx.x] = d[0];
}

/** Reverses 32 numbers in a warp; without waiting unless told to. */
SIROCCO_KERNEL(32, 1) void selftest_forgets_syncwarp(float* x, int wait) {
    SIROCCO_SHARED(float, tile, [32]);
    tile[threadIdx.x] = x[threadIdx.x];
    if (wait) {
        __syncwarp();
    }
    x[threadIdx.x] = tile[31 - threadIdx.x];
}

/** Four floats at once, wherever they are. */
SIROCCO_KERNEL(1, 1) void selftest_copies_vector(float* to, const float* from) {
    float v[4];
    sirocco::load(v, from);
    sirocco::store(to, v);
}

/** Never waits for the kernel before. */
SIROCCO_KERNEL(64, 1) void selftest_forgets_turn(float* x) { x[threadIdx.x] *= 2.0f; }

/** Only one warp waits. */
SIROCCO_KERNEL(64, 1) void selftest_half_takes_turn(float* x) {
    if (threadIdx.x < 32) {
        sirocco::take_turn();
        x[threadIdx.x] *= 2.0f;
    }
}

/** Reads before it waits. */
SIROCCO_KERNEL(64, 1) void selftest_reads_before_turn(float* x) {
    float y = 2.0f * x[threadIdx.x];
    sirocco::take_turn();
    x[threadIdx.x] = y;
}

/** The same by cp.async. */
SIROCCO_KERNEL(64, 1) void selftest_copies_before_turn(float* x) {
    SIROCCO_SHARED(float, tile, [64]);
    sirocco::ptx::cp_async_4(&tile[threadIdx.x], &x[threadIdx.x]);
    sirocco::take_turn();
    sirocco::ptx::cp_async_wait_all();
    x[threadIdx.x] = 2.0f * tile[threadIdx.x];
}
