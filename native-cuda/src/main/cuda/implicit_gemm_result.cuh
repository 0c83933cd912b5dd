// How a tile's results leave through shared memory: from where fragments are written, in float32, by rows, 16 bytes a thread.
#pragma once

#include "sirocco.cuh"

namespace sirocco::implicit_gemm {

/** Where a result is staged, in floats: as fragments are written, 4 rows of 8 numbers, and as rows are read, no bank is asked twice. */
template <int COLUMNS> __device__ __forceinline__ int staged(int row, int column) {
    return row * COLUMNS + ((column / 4) ^ (row & 3) * 2) * 4 + column % 4;
}

/** Reads what is staged by rows, N neighbours at a time shared among THREADS: use(row, column, values). */
template <int ROWS, int COLUMNS, int THREADS, int N, typename F>
__device__ __forceinline__ void eachStaged(const float* shared, int thread, F use) {
    constexpr int ACROSS = COLUMNS / N;
#pragma unroll 2
    for (int i = thread; i < ROWS * ACROSS; i += THREADS) {
        int row = i / ACROSS;
        int column = i % ACROSS * N;
        float values[N];
#pragma unroll
        for (int e = 0; e < N; e += 4) {
            float4 four = *reinterpret_cast<const float4*>(shared + staged<COLUMNS>(row, column + e));
            values[e] = four.x, values[e + 1] = four.y, values[e + 2] = four.z, values[e + 3] = four.w;
        }
        use(row, column, values);
    }
}

/**
 * Neighbours in a row, as many as are below the number of columns; together where rows begin at multiples of their size.
 *
 * @param row as the result takes it: a number, or a pixel
 */
template <typename R, typename Row, int N>
__device__ __forceinline__ void put(const R& result, int columns, const Row& row, int column, float (&values)[N]) {
    int left = columns - column;
    if (left <= 0) {
        return;
    }
    if (columns % N == 0) {
        result.put(row, column, values);
    } else {
#pragma unroll
        for (int e = 0; e < N; e++) {
            if (e < left) {
                float one[1] = {values[e]};
                result.put(row, column + e, one);
            }
        }
    }
}

}  // namespace sirocco::implicit_gemm
