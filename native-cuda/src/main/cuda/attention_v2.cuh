// Products of attention in float32, without tensor cores: 256 threads lie 16 × 16 over a result. Thread (y, x) has rows y + 16 i, so that the half
// warp of a row has all of it, and what it passes to itself through shared memory needs no barrier of the block.
#pragma once

#include "attention_tile.cuh"

namespace sirocco::attention_v2 {

using attention::Head;
using attention::Tile;

constexpr int SIDE = 16;
constexpr int THREADS = SIDE * SIDE;

/** Channels next to each other that a thread has of a result of D channels. */
template <int D> constexpr int WIDTH = D < 4 * SIDE ? D / SIDE : 4;

/** What a thread has of a result of 16 R rows and D channels: channels (x + 16 j) · WIDTH on. */
template <int R, int D> struct Rows {
    static constexpr int COUNT = D / SIDE / WIDTH<D>;
    float at[R][COUNT][WIDTH<D>] = {};
};

__device__ __forceinline__ int thread_x() { return threadIdx.x % SIDE; }
__device__ __forceinline__ int thread_y() { return threadIdx.x / SIDE; }

/** s = a · bᵀ: s[i][j] is of row y + 16 i of a and row x + 16 j of b. */
template <int D, int R, int C> __device__ __forceinline__ void product(float (&s)[R][C], Tile<float, D> a, Tile<float, D> b) {
#pragma unroll
    for (int i = 0; i < R; i++) {
#pragma unroll
        for (int j = 0; j < C; j++) {
            s[i][j] = 0.0f;
        }
    }
#pragma unroll 2
    for (int chunk = 0; chunk < D / 4; chunk++) {
        float left[R][4], right[C][4];
#pragma unroll
        for (int i = 0; i < R; i++) {
            load(left[i], a.chunk(thread_y() + SIDE * i, chunk));
        }
#pragma unroll
        for (int j = 0; j < C; j++) {
            load(right[j], b.chunk(thread_x() + SIDE * j, chunk));
        }
#pragma unroll
        for (int e = 0; e < 4; e++) {
#pragma unroll
            for (int i = 0; i < R; i++) {
#pragma unroll
                for (int j = 0; j < C; j++) {
                    s[i][j] += left[i][e] * right[j][e];
                }
            }
        }
    }
}

/** Floats from row to row of a product that threads pass each other: 4 more than it has columns, so that two rows lie in different banks. */
template <int C> constexpr int PASS_STRIDE = SIDE * C + 4;

/** A product to where accumulate reads it. */
template <int R, int C> __device__ __forceinline__ void pass(float* to, const float (&s)[R][C]) {
    __syncwarp();  // what was there before has been read
#pragma unroll
    for (int i = 0; i < R; i++) {
#pragma unroll
        for (int j = 0; j < C; j++) {
            to[(thread_y() + SIDE * i) * PASS_STRIDE<C> + thread_x() + SIDE * j] = s[i][j];
        }
    }
    __syncwarp();
}

/** o += s · b, with s as pass has left it. */
template <int R, int C, int D> __device__ __forceinline__ void accumulate(Rows<R, D>& o, const float* s, Tile<float, D> b) {
    constexpr int W = WIDTH<D>;
#pragma unroll 1
    for (int depth = 0; depth < SIDE * C; depth += 4) {
        float left[R][4];
#pragma unroll
        for (int i = 0; i < R; i++) {
            load(left[i], s + (thread_y() + SIDE * i) * PASS_STRIDE<C> + depth);
        }
#pragma unroll
        for (int e = 0; e < 4; e++) {
#pragma unroll
            for (int j = 0; j < Rows<R, D>::COUNT; j++) {
                float right[W];
                load(right, b.element(depth + e, (thread_x() + SIDE * j) * W));
#pragma unroll
                for (int i = 0; i < R; i++) {
#pragma unroll
                    for (int w = 0; w < W; w++) {
                        o.at[i][j][w] += left[i][e] * right[w];
                    }
                }
            }
        }
    }
}

/** Row i of a thread's rows, times factor, to rows first … of a head; where they exist. */
template <int R, int D>
__device__ __forceinline__ void store_row(const Rows<R, D>& o, int i, float factor, float* head, int first, int length, int c, int d) {
    constexpr int W = WIDTH<D>;
    int row = first + thread_y() + SIDE * i;
    if (row >= length) {
        return;
    }
#pragma unroll
    for (int j = 0; j < Rows<R, D>::COUNT; j++) {
        int column = (thread_x() + SIDE * j) * W;
        float* to = head + static_cast<size_t>(row) * c + column;
        float value[W];
#pragma unroll
        for (int w = 0; w < W; w++) {
            value[w] = o.at[i][j][w] * factor;
        }
        if (d % 4 == 0 && column < d) {
            store(to, value);
        } else {
            for (int w = 0; w < W && column + w < d; w++) {
                to[w] = value[w];
            }
        }
    }
}

/** The sum over a row's 16 threads. */
__device__ __forceinline__ float row_sum(float x) {
#pragma unroll
    for (int lanes = SIDE / 2; lanes > 0; lanes /= 2) {
        x += __shfl_xor_sync(ALL_LANES, x, lanes);
    }
    return x;
}

__device__ __forceinline__ float row_max(float x) {
#pragma unroll
    for (int lanes = SIDE / 2; lanes > 0; lanes /= 2) {
        x = fmaxf(x, __shfl_xor_sync(ALL_LANES, x, lanes));
    }
    return x;
}

}  // namespace sirocco::attention_v2
