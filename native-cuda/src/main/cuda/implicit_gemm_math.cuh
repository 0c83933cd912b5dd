// A block's share of a matrix product, slice by slice from tiles in shared memory: sums are in registers, float32. By fused multiply-adds
// (Fma: float32 as it is), or by tensor cores (Mma: bf16, or float32 rounded to TF32).
#pragma once

#include "implicit_gemm_tile.cuh"

namespace sirocco::implicit_gemm {

/** A thread's sums are 8 rows by a sixteenth of the columns: 4 multiply-adds for a float from shared memory where the tile has 128 columns. */
template <typename TileA, typename TileB, int THREADS> class Fma {
    static constexpr int X = 16;  // threads across
    static constexpr int Y = THREADS / X;
    static constexpr int ROWS = TileA::OUTER / Y;
    static constexpr int COLUMNS = TileB::OUTER / X;
    static constexpr int GROUP = TileA::ALONG == Along::DEPTH ? 2 : 4;  // rows that are in registers at a time
    // Of the depth: where chunks are along it, as many as there are in one; a mixture would need too many registers.
    static constexpr int STEPS = TileB::ALONG == Along::DEPTH ? 4 : TileA::ALONG == Along::DEPTH ? 2 : 1;

    float sum[ROWS][COLUMNS] = {};

    // A warp is 8 threads across and 4 down, so that a quarter of it reads 8 neighbouring rows of B and one of A.
    static __device__ __forceinline__ int x() { return threadIdx.x % 8 + threadIdx.x / 32 % 2 * 8; }
    static __device__ __forceinline__ int y() { return threadIdx.x / 8 % 4 + threadIdx.x / 64 * 4; }

    /** Which row of the tile a thread's row i is: every STRIDE-th, or every STRIDE-th group of four where four lie in a chunk. */
    template <typename Tile, int STRIDE> static __device__ __forceinline__ int outer(int first, int i) {
        return Tile::ALONG == Along::DEPTH ? first + STRIDE * i : (first + STRIDE * (i / 4)) * 4 + i % 4;
    }

    /** Steps of the depth from here on. */
    template <typename Tile, int STRIDE, int N>
    static __device__ __forceinline__ void read(float (&to)[N][STEPS], const unsigned char* tile, int first, int depth) {
        if constexpr (Tile::ALONG == Along::DEPTH) {
#pragma unroll
            for (int i = 0; i < N; i++) {
                load(to[i], Tile::at(tile, outer<Tile, STRIDE>(first, i), depth));
            }
        } else {
#pragma unroll
            for (int i = 0; i < N; i += 4) {
#pragma unroll
                for (int d = 0; d < STEPS; d++) {
                    float four[4];
                    load(four, Tile::at(tile, depth + d, outer<Tile, STRIDE>(first, i)));
                    to[i][d] = four[0], to[i + 1][d] = four[1], to[i + 2][d] = four[2], to[i + 3][d] = four[3];
                }
            }
        }
    }

public:
    __device__ __forceinline__ void multiply(const unsigned char* a, const unsigned char* b) {
#pragma unroll 1
        for (int depth = 0; depth < TileA::DEPTH; depth += STEPS) {
            float right[COLUMNS][STEPS];
            read<TileB, X>(right, b, x(), depth);
#pragma unroll
            for (int group = 0; group < ROWS; group += GROUP) {
                float left[GROUP][STEPS];
                read<TileA, Y>(left, a, y() + Y * (TileA::ALONG == Along::DEPTH ? group : group / 4), depth);
#pragma unroll
                for (int d = 0; d < STEPS; d++) {
#pragma unroll
                    for (int i = 0; i < GROUP; i++) {
#pragma unroll
                        for (int j = 0; j < COLUMNS; j++) {
                            sum[group + i][j] += left[i][d] * right[j][d];
                        }
                    }
                }
            }
        }
    }

    /** Calls put(row, column, {sum}) for all of this thread's sums. */
    template <typename F> __device__ __forceinline__ void each(F put) const {
#pragma unroll
        for (int i = 0; i < ROWS; i++) {
#pragma unroll
            for (int j = 0; j < COLUMNS; j++) {
                float one[1] = {sum[i][j]};
                put(outer<TileA, Y>(y(), i), outer<TileB, X>(x(), j), one);
            }
            __syncwarp();  // else the compiler has all that put reads in registers at once, and spills
        }
    }
};

/**
 * Warps share the tile as WARPS_DOWN × WARPS_ACROSS. A slice is two steps of 32 bytes of depth, one mma each. Of a step a warp with 64 × 32
 * sums reads 6 times 512 bytes for 16 mma, 32768 multiply-adds in bf16: 10 for a byte from shared memory.
 */
template <typename TileA, typename TileB, int WARPS_DOWN, int WARPS_ACROSS> class Mma {
    using T = typename TileA::T;
    static constexpr int ROWS = TileA::OUTER / WARPS_DOWN;
    static constexpr int COLUMNS = TileB::OUTER / WARPS_ACROSS;
    static constexpr bool TF32 = sizeof(T) == 4;
    static constexpr int STEP = TF32 ? 8 : 16;  // of the depth
    static_assert(ROWS % 16 == 0 && COLUMNS % 16 == 0, "whole fragments, those of B in pairs");

    float sum[ROWS / 16][COLUMNS / 8][4] = {};

    static __device__ __forceinline__ int lane() { return threadIdx.x % 32; }
    static __device__ __forceinline__ int row0() { return threadIdx.x / 32 / WARPS_ACROSS * ROWS; }
    static __device__ __forceinline__ int column0() { return threadIdx.x / 32 % WARPS_ACROSS * COLUMNS; }

    /** The i-th 16 rows of A, in the order of mma's registers: (first rows, first depth), (last, first), (first, last), (last, last). */
    static __device__ __forceinline__ void readA(unsigned (&to)[4], const unsigned char* tile, int step, int i) {
        int row = row0() + 16 * i;
        if constexpr (TileA::ALONG == Along::DEPTH) {
            ptx::ldmatrix_x4(to, tile + TileA::offset(row0() + lane() % 16, 2 * step + lane() / 16) + 16 * i * TileA::ROW_BYTES);
        } else if constexpr (!TF32) {
            ptx::ldmatrix_x4_trans(to, tile + TileA::offset(step * STEP + lane() / 16 * 8 + lane() % 8, row / 8 + lane() / 8 % 2));
        } else {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                to[i] = __float_as_uint(*TileA::at(tile, step * STEP + lane() % 4 + i / 2 * 4, row + lane() / 4 + i % 2 * 8));
            }
        }
    }

    /** The j-th 16 columns of B: (first columns, first depth), (first, last), (last, first), (last, last). */
    static __device__ __forceinline__ void readB(unsigned (&to)[4], const unsigned char* tile, int step, int j) {
        int column = column0() + 16 * j;
        if constexpr (TileB::ALONG == Along::DEPTH) {
            ptx::ldmatrix_x4(to, tile + TileB::offset(column0() + lane() / 16 * 8 + lane() % 8, 2 * step + lane() / 8 % 2) + 16 * j * TileB::ROW_BYTES);
        } else if constexpr (!TF32) {
            ptx::ldmatrix_x4_trans(to, tile + TileB::offset(step * STEP + lane() % 16, column / 8 + lane() / 16));
        } else {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                to[i] = __float_as_uint(*TileB::at(tile, step * STEP + lane() % 4 + i % 2 * 4, column + lane() / 4 + i / 2 * 8));
            }
        }
    }

    static __device__ __forceinline__ void round(unsigned (&x)[4]) {
        if constexpr (TF32) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                x[i] = ptx::to_tf32(__uint_as_float(x[i]));
            }
        }
    }

public:
    __device__ __forceinline__ void multiply(const unsigned char* a, const unsigned char* b) {
#pragma unroll
        for (int step = 0; step < TileA::DEPTH / STEP; step++) {
            unsigned right[COLUMNS / 16][4];
#pragma unroll
            for (int j = 0; j < COLUMNS / 16; j++) {
                readB(right[j], b, step, j);
                round(right[j]);
            }
#pragma unroll
            for (int i = 0; i < ROWS / 16; i++) {
                unsigned left[4];
                readA(left, a, step, i);
                round(left);
#pragma unroll
                for (int j = 0; j < COLUMNS / 8; j++) {
                    unsigned columns[2] = {right[j / 2][j % 2 * 2], right[j / 2][j % 2 * 2 + 1]};
                    if constexpr (TF32) {
                        ptx::mma_m16n8k8_tf32(sum[i][j], left, columns);
                    } else {
                        ptx::mma_m16n8k16_bf16(sum[i][j], left, columns);
                    }
                }
            }
        }
    }

    /** Calls put(row, column, {sum, the next column's}) for all of this thread's sums; columns are even. */
    template <typename F> __device__ __forceinline__ void each(F put) const {
#pragma unroll
        for (int i = 0; i < ROWS / 16; i++) {
#pragma unroll
            for (int j = 0; j < COLUMNS / 8; j++) {
#pragma unroll
                for (int half = 0; half < 2; half++) {
                    float two[2] = {sum[i][j][2 * half], sum[i][j][2 * half + 1]};
                    put(row0() + 16 * i + 8 * half + lane() / 4, column0() + 8 * j + lane() % 4 * 2, two);
                }
            }
        }
    }
};

}  // namespace sirocco::implicit_gemm
