// Kernels that the emulator's own tests compare with a plain loop.
#include "sirocco.cuh"

namespace {

using namespace sirocco;

/** Tiles of A (16 × 16, by rows) and B (16 × 8, stored as its 8 columns) by ldmatrix and one mma; C is 16 × 8. */
template <bool Transposed> __device__ __forceinline__ void product(const bf16* a, const bf16* b, float* c) {
    SIROCCO_SHARED(bf16, tileA, [16 * 16]);
    SIROCCO_SHARED(bf16, tileB, [8 * 16]);
    int lane = threadIdx.x;
    ptx::cp_async_16(&tileA[lane * 8], a + lane * 8);
    if (lane < 16) {
        ptx::cp_async_16(&tileB[lane * 8], b + lane * 8);
    }
    ptx::cp_async_commit();
    ptx::cp_async_wait<0>();
    __syncwarp();
    unsigned fragmentA[4], fragmentB[2];
    ptx::ldmatrix_x4(fragmentA, &tileA[lane % 16 * 16 + lane / 16 * 8]);
    if constexpr (Transposed) {
        ptx::ldmatrix_x2_trans(fragmentB, &tileB[lane % 16 * 8]);
    } else {
        ptx::ldmatrix_x2(fragmentB, &tileB[lane % 8 * 16 + lane / 8 % 2 * 8]);
    }
    float d[4] = {};
    ptx::mma_m16n8k16_bf16(d, fragmentA, fragmentB);
    for (int i = 0; i < 4; i++) {
        c[(lane / 4 + i / 2 * 8) * 8 + lane % 4 * 2 + i % 2] = d[i];
    }
}

}  // namespace

SIROCCO_KERNEL(32, 1) void selftest_mma_columns(const sirocco::bf16* a, const sirocco::bf16* b, float* c) { product<false>(a, b, c); }

SIROCCO_KERNEL(32, 1) void selftest_mma_rows(const sirocco::bf16* a, const sirocco::bf16* b, float* c) { product<true>(a, b, c); }

/** C (16 × 8) = A (16 × 8) · B (8 × 8), both by rows, in TF32. */
SIROCCO_KERNEL(32, 1) void selftest_mma_tf32(const float* a, const float* b, float* c) {
    int group = threadIdx.x / 4;
    int t = threadIdx.x % 4;
    unsigned fragmentA[4], fragmentB[2];
    for (int i = 0; i < 4; i++) {
        fragmentA[i] = sirocco::ptx::to_tf32(a[(group + i % 2 * 8) * 8 + t + i / 2 * 4]);
    }
    for (int i = 0; i < 2; i++) {
        fragmentB[i] = sirocco::ptx::to_tf32(b[(t + 4 * i) * 8 + group]);
    }
    float d[4] = {};
    sirocco::ptx::mma_m16n8k8_tf32(d, fragmentA, fragmentB);
    for (int i = 0; i < 4; i++) {
        c[(group + i / 2 * 8) * 8 + t * 2 + i % 2] = d[i];
    }
}

/** For each lane: what the shuffles give of 100 + lane, and votes on lane % 3 == 0. Ten ints a lane. */
SIROCCO_KERNEL(32, 1) void selftest_warp(int* out) {
    int lane = threadIdx.x;
    int x = 100 + lane;
    int* mine = out + lane * 10;
    mine[0] = __shfl_sync(sirocco::ALL_LANES, x, 5);
    mine[1] = __shfl_sync(sirocco::ALL_LANES, x, 3, 8);
    mine[2] = __shfl_xor_sync(sirocco::ALL_LANES, x, 16);
    mine[3] = __shfl_xor_sync(sirocco::ALL_LANES, x, 3, 4);
    mine[4] = __shfl_down_sync(sirocco::ALL_LANES, x, 4);
    mine[5] = __shfl_up_sync(sirocco::ALL_LANES, x, 2, 16);
    mine[6] = static_cast<int>(__ballot_sync(sirocco::ALL_LANES, lane % 3 == 0));
    mine[7] = __any_sync(sirocco::ALL_LANES, lane == 31) * 2 + __all_sync(sirocco::ALL_LANES, lane < 31);
    mine[8] = lane < 16 ? __shfl_sync(0x0000ffffu, x, 0) : __shfl_sync(0xffff0000u, x, 16);
    mine[9] = static_cast<int>(sirocco::warp_sum(static_cast<float>(x)));
}

/** Block sums, a barrier that counts, and the coordinates of each thread of a three-dimensional launch. */
SIROCCO_KERNEL(256, 1) void selftest_block(float* sums, int* counts, int n) {
    SIROCCO_SHARED(float, partial, [64]);
    SIROCCO_DYNAMIC_SHARED(float, reversed);
    int t = threadIdx.x;
    reversed[t] = static_cast<float>(t);
    float x[2] = {static_cast<float>(t), static_cast<float>(t) * t};
    sirocco::block_sum(x, partial);
    int count = __syncthreads_count(reversed[blockDim.x - 1 - t] < n);
    int block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
    if (t == 0) {
        sums[2 * block] = x[0];
        sums[2 * block + 1] = x[1];
        counts[block] = count;
    }
}

/** Two halves of a block of 128: producers hand numbers over to consumers by named barriers. */
SIROCCO_KERNEL(128, 1) void selftest_named_barriers(float* out) {
    SIROCCO_SHARED(float, box, [64]);
    int t = threadIdx.x % 64;
    for (int round = 0; round < 4; round++) {
        if (threadIdx.x < 64) {
            sirocco::ptx::barrier_sync(2, 128);  // the box is free
            box[t] = static_cast<float>(round * 100 + t);
            sirocco::ptx::barrier_arrive(1, 128);
        } else {
            sirocco::ptx::barrier_arrive(2, 128);
            sirocco::ptx::barrier_sync(1, 128);  // the box is full
            out[round * 64 + t] = box[63 - t];
        }
    }
}

/** Philox blocks of counters (c0, c1, c2, c3), four words each. */
SIROCCO_KERNEL(32, 1) void selftest_philox(unsigned long long seed, const unsigned* counters, unsigned* out, int n) {
    for (int i = threadIdx.x; i < n; i += blockDim.x) {
        const unsigned* c = counters + 4 * i;
        uint4 words = sirocco::philox(seed, c[0], c[1], c[2], c[3]);
        out[4 * i] = words.x, out[4 * i + 1] = words.y, out[4 * i + 2] = words.z, out[4 * i + 3] = words.w;
    }
}

/** The normals of elements 0 … n − 1 of a sample. */
SIROCCO_KERNEL(256, 1) void selftest_normals(unsigned long long seed, unsigned index, unsigned step, unsigned stream, float* out, int n) {
    for (int e = blockIdx.x * blockDim.x + threadIdx.x; e < n; e += gridDim.x * blockDim.x) {
        out[e] = sirocco::philox_normal(seed, index, step, stream, e);
    }
}

/** Blocks count themselves; the last to come writes how many there were. */
SIROCCO_KERNEL(64, 1) void selftest_atomics(unsigned* counter, int* last, float* sum) {
    if (threadIdx.x == 0) {
        atomicAdd(sum, 1.0f);
        __threadfence();
        if (atomicInc(counter, gridDim.x - 1) == gridDim.x - 1) {
            *last = static_cast<int>(*sum);
        }
    }
}

/** y += 1, x untouched: what a captured graph repeats. */
SIROCCO_KERNEL(64, 1) void selftest_increment(float* y, float by, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        y[i] += by;
    }
}

/** Doubles 64 numbers when the kernel before has ended; shared memory is its own before that. */
SIROCCO_KERNEL(64, 1) void selftest_doubles_in_turn(float* x) {
    SIROCCO_SHARED(float, factor, [64]);
    factor[threadIdx.x] = 2.0f;
    sirocco::take_turn();
    x[threadIdx.x] *= factor[threadIdx.x];
}
