// A matrix product on Hopper, for operands that copies of boxes (TMA) bring: one warp starts copies, two warpgroups multiply, each goes its own pace,
// and mbarriers say which stage of a ring is full and which is empty. Level 5 of docs/cuda-convolution.md.
//
// A stage is 64 of the depth, of both operands, in rows of 128 bytes, swizzled. An operand that lies along the depth is one box, a row for each of its
// own rows or columns; one that lies along those is panels of 64 of them, a row for each of the depth.
#pragma once

#include "implicit_gemm_result.cuh"
#include "implicit_gemm_tile.cuh"
#include "tma.cuh"
#include "wgmma.cuh"

namespace sirocco::implicit_gemm {

/** A block's tile of results. As in HopperGemm.java. */
template <int ROWS_, int COLUMNS_> struct HopperTile {
    static constexpr int ROWS = ROWS_;
    static constexpr int COLUMNS = COLUMNS_;
    static constexpr int DEPTH = 64;
    static constexpr int A_BYTES = ROWS * DEPTH * 2;
    static constexpr int B_BYTES = COLUMNS * DEPTH * 2;
    static constexpr int STAGE_BYTES = A_BYTES + B_BYTES;
    static constexpr int STAGES = (192 << 10) / STAGE_BYTES;
    static constexpr int PANEL = 64;
    static constexpr int PANEL_BYTES = PANEL * DEPTH * 2;
};

/** Threads: two warpgroups multiply, one more warp copies. */
constexpr int HOPPER_THREADS = 288;

template <typename T, Along ALONG_A, Along ALONG_B> class HopperProduct {
    static constexpr int MULTIPLYING = 256;
    static constexpr int WARPS = MULTIPLYING / 32;
    static constexpr int BANDS = T::ROWS / 128;  // of 64 rows, of a warpgroup
    static constexpr int STEP = 16;              // of the depth, of an instruction
    // To the next step, in units of descriptors, which are 16 bytes.
    static constexpr unsigned STEP_A = (ALONG_A == Along::DEPTH ? STEP * 2 : STEP * 128) / 16;
    static constexpr unsigned STEP_B = (ALONG_B == Along::DEPTH ? STEP * 2 : STEP * 128) / 16;
    static constexpr int STAGED_ROWS = 16;  // of a warp, on their way out
    static constexpr int STAGED_COLUMNS = 64;
    static constexpr int EIGHT_ROWS = 1024;  // bytes

    unsigned char* stages;
    float* staging;
    Mbarrier* full;
    Mbarrier* empty;

    /** A stage, and whether it is gone round to for an odd time. */
    struct Turn {
        int stage = 0;
        unsigned odd = 0;

        __device__ __forceinline__ void advance() {
            if (++stage == T::STAGES) {
                stage = 0;
                odd ^= 1;
            }
        }
    };

    __device__ __forceinline__ HopperProduct() {
        SIROCCO_DYNAMIC_SHARED(unsigned char, shared);
        stages = shared;
        staging = reinterpret_cast<float*>(shared + T::STAGES * T::STAGE_BYTES);
        full = reinterpret_cast<Mbarrier*>(staging + WARPS * STAGED_ROWS * STAGED_COLUMNS);
        empty = full + T::STAGES;
        if (threadIdx.x == 0) {
            for (int i = 0; i < T::STAGES; i++) {
                ptx::mbarrier_init(&full[i], 1);
                ptx::mbarrier_init(&empty[i], WARPS);
            }
            ptx::fence_mbarrier_init();
        }
        __syncthreads();
    }

public:
    /**
     * Tiles are dealt out to blocks in turn: a block copies for its next tile while the last one's results leave.
     *
     * @param slices of the depth
     * @param source of a tile, an object whose copy(a, b, barrier) starts the copies of the next slice
     * @param result of a tile, an object whose put(row, column, values) takes neighbours in a row of the tile; T is its type
     */
    template <typename S, typename R> static __device__ __forceinline__ void run(int tiles, int slices, const S& source, const R& result) {
        HopperProduct product;
        take_turn();
        if (threadIdx.x < MULTIPLYING) {
            product.multiply(tiles, slices, result);
        } else if (threadIdx.x == MULTIPLYING) {
            product.copy(tiles, slices, source);
        }
    }

private:
    template <typename S> __device__ __forceinline__ void copy(int tiles, int slices, const S& source) {
        Turn turn;
        for (int tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
            auto boxes = source(tile);
            for (int slice = 0; slice < slices; slice++) {
                ptx::mbarrier_wait(&empty[turn.stage], turn.odd ^ 1);
                ptx::mbarrier_arrive_expect(&full[turn.stage], T::STAGE_BYTES);
                unsigned char* stage = stages + turn.stage * T::STAGE_BYTES;
                boxes.copy(stage, stage + T::A_BYTES, &full[turn.stage]);
                turn.advance();
            }
        }
    }

    template <typename R> __device__ __forceinline__ void multiply(int tiles, int slices, const R& result) {
        int warpgroup = threadIdx.x / 128;
        Turn turn;
        for (int tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
            float sums[BANDS][T::COLUMNS / 2] = {};
            int last = 0;
            for (int slice = 0; slice < slices; slice++) {
                ptx::mbarrier_wait(&full[turn.stage], turn.odd);
                const unsigned char* stage = stages + turn.stage * T::STAGE_BYTES;
                multiply(sums, stage + warpgroup * BANDS * T::PANEL_BYTES, stage + T::A_BYTES);
                ptx::wgmma_wait<1>();  // the slice before has been read
                release(last, slice > 0);
                last = turn.stage;
                turn.advance();
            }
            ptx::wgmma_wait<0>();
            release(last, slices > 0);
#pragma unroll
            for (int band = 0; band < BANDS; band++) {
                ptx::wgmma_arrived(sums[band]);
            }
            leave(sums, warpgroup * BANDS * 64, result(tile));
        }
    }

    /** Says for this warp that it needs a stage no more. */
    __device__ __forceinline__ void release(int stage, bool used) const {
        if (used && threadIdx.x % 32 == 0) {
            ptx::mbarrier_arrive(&empty[stage]);
        }
    }

    static __device__ __forceinline__ void multiply(float (&sums)[BANDS][T::COLUMNS / 2], const unsigned char* a, const unsigned char* b) {
        unsigned long long left = ptx::matrix_descriptor(a, T::PANEL_BYTES, EIGHT_ROWS);
        unsigned long long right = ptx::matrix_descriptor(b, T::PANEL_BYTES, EIGHT_ROWS);
        ptx::wgmma_fence();
#pragma unroll
        for (int i = 0; i < T::DEPTH / STEP; i++) {
#pragma unroll
            for (int band = 0; band < BANDS; band++) {
                ptx::wgmma<ALONG_A == Along::OUTER, ALONG_B == Along::OUTER>(sums[band], left + i * STEP_A + band * T::PANEL_BYTES / 16,
                                                                             right + i * STEP_B);
            }
        }
        ptx::wgmma_commit();
    }

    /** Through this warp's own room in shared memory, 16 rows of 64 columns at a time. */
    template <typename R> __device__ __forceinline__ void leave(const float (&sums)[BANDS][T::COLUMNS / 2], int row0, const R& result) {
        int warp = threadIdx.x / 32;
        int lane = threadIdx.x % 32;
        float* mine = staging + warp * STAGED_ROWS * STAGED_COLUMNS;
        row0 += warp % 4 * STAGED_ROWS;
#pragma unroll
        for (int band = 0; band < BANDS; band++) {
#pragma unroll
            for (int column0 = 0; column0 < T::COLUMNS; column0 += STAGED_COLUMNS) {
#pragma unroll
                for (int i = 0; i < STAGED_COLUMNS / 2; i += 2) {  // as wgmma's fragments are
                    float two[2] = {sums[band][column0 / 2 + i], sums[band][column0 / 2 + i + 1]};
                    store(mine + staged<STAGED_COLUMNS>(lane / 4 + i / 2 % 2 * 8, i / 4 * 8 + lane % 4 * 2), two);
                }
                __syncwarp();
                eachStaged<STAGED_ROWS, STAGED_COLUMNS, 32, vector_width<typename R::T>>(mine, lane, [&](int row, int column, auto& values) {
                    result.put(row0 + band * 64 + row, column0 + column, values);
                });
                __syncwarp();
            }
        }
    }
};

}  // namespace sirocco::implicit_gemm
