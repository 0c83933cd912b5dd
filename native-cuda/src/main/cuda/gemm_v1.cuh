// The plainest matrix product that shares what it reads: a block of 256 threads makes a 32 × 32 tile of C, going along the depth 32 at a
// time through shared memory; a thread has 4 elements of a column. Operands are functions of (row, depth) and (depth, column), so that they
// can gather; each is read along the direction in which it lies in memory.
#pragma once

#include "sirocco.cuh"

namespace sirocco::gemm_v1 {

constexpr int TILE = 32;
constexpr int ROWS = 8;  // of threads: thread t has column t % 32 and rows t / 32 + 8 i

/** Which way an operand is contiguous. */
enum class Along { DEPTH, OUTER };

/**
 * Calls write(row, column, sum) for every element of the block's tile of C = A · B. Grid: (rows / 32, columns / 32).
 *
 * @param a element of A: (row, depth) → float; asked only within bounds, as is b: (depth, column) → float
 */
template <Along AlongA, Along AlongB, typename A, typename B, typename W>
__device__ __forceinline__ void product(int rows, int columns, int depth, A a, B b, W write) {
    SIROCCO_SHARED(float, tileA, [TILE][TILE + 1]);  // [row][depth]
    SIROCCO_SHARED(float, tileB, [TILE][TILE + 1]);  // [depth][column]
    int x = threadIdx.x % TILE;
    int y = threadIdx.x / TILE;
    int row0 = blockIdx.x * TILE;
    int column0 = blockIdx.y * TILE;
    float sum[TILE / ROWS] = {};
    for (int depth0 = 0; depth0 < depth; depth0 += TILE) {
#pragma unroll
        for (int i = y; i < TILE; i += ROWS) {
            int r = AlongA == Along::DEPTH ? i : x;
            int d = AlongA == Along::DEPTH ? x : i;
            tileA[r][d] = row0 + r < rows && depth0 + d < depth ? a(row0 + r, depth0 + d) : 0.0f;
            int e = AlongB == Along::DEPTH ? x : i;
            int c = AlongB == Along::DEPTH ? i : x;
            tileB[e][c] = column0 + c < columns && depth0 + e < depth ? b(depth0 + e, column0 + c) : 0.0f;
        }
        __syncthreads();
#pragma unroll
        for (int d = 0; d < TILE; d++) {
            float right = tileB[d][x];
#pragma unroll
            for (int i = 0; i < TILE / ROWS; i++) {
                sum[i] += tileA[y + ROWS * i][d] * right;
            }
        }
        __syncthreads();
    }
#pragma unroll
    for (int i = 0; i < TILE / ROWS; i++) {
        int row = row0 + y + ROWS * i;
        if (row < rows && column0 + x < columns) {
            write(row, column0 + x, sum[i]);
        }
    }
}

}  // namespace sirocco::gemm_v1
