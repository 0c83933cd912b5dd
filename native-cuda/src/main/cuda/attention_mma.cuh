// Products of attention on tensor cores: a warp multiplies 16 rows of one tile with rows or columns of another. An mma takes 32 bytes of depth,
// 16 bf16 or 8 TF32 numbers, so that both load the same chunks. Sums are float32.
#pragma once

#include "attention_tile.cuh"

namespace sirocco::attention {

/** Depth of an mma. */
template <typename T> constexpr int DEPTH = 2 * vector_width<T>;

__device__ __forceinline__ void multiply(float (&d)[4], const unsigned (&a)[4], unsigned b0, unsigned b1, bf16) {
    unsigned b[2] = {b0, b1};
    ptx::mma_m16n8k16_bf16(d, a, b);
}

__device__ __forceinline__ void multiply(float (&d)[4], const unsigned (&a)[4], unsigned b0, unsigned b1, float) {
    unsigned b[2] = {b0, b1};
    ptx::mma_m16n8k8_tf32(d, a, b);
}

/** Operands as the mma takes them: TF32 is float32, rounded. */
template <typename T> __device__ __forceinline__ void round_operand(unsigned (&r)[4]) {
    if constexpr (sizeof(T) == 4) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            r[i] = ptx::to_tf32(__uint_as_float(r[i]));
        }
    }
}

/** A: 16 rows from row0 on, the step-th piece of depth. */
template <typename T, int D> __device__ __forceinline__ void load_a(unsigned (&a)[4], Tile<T, D> tile, int row0, int step) {
    int lane = threadIdx.x % 32;
    ptx::ldmatrix_x4(a, tile.chunk(row0 + lane % 16, 2 * step + lane / 16));
    round_operand<T>(a);
}

/** B for two blocks of 8 columns, which are rows row0 … row0 + 16 of a tile; the step-th piece of depth. Block i gets b[2i], b[2i + 1]. */
template <typename T, int D> __device__ __forceinline__ void load_b(unsigned (&b)[4], Tile<T, D> tile, int row0, int step) {
    int lane = threadIdx.x % 32;
    ptx::ldmatrix_x4(b, tile.chunk(row0 + lane % 8 + lane / 16 * 8, 2 * step + lane / 8 % 2));
    round_operand<T>(b);
}

/**
 * B for two blocks of 8 columns, which are columns of a tile whose rows are the depth, from row0 on. In TF32 the mma's depth t is row 2t and
 * t + 4 is row 2t + 1, the order in which a lane has columns of a result, see as_operand.
 */
template <typename T, int D> __device__ __forceinline__ void load_b_transposed(unsigned (&b)[4], Tile<T, D> tile, int row0, int column0) {
    int lane = threadIdx.x % 32;
    if constexpr (sizeof(T) == 2) {
        ptx::ldmatrix_x4_trans(b, tile.chunk(row0 + lane % 16, column0 / Tile<T, D>::WIDTH + lane / 16));
    } else {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            b[i] = __float_as_uint(*tile.element(row0 + lane % 4 * 2 + i % 2, column0 + i / 2 * 8 + lane / 4));
        }
        round_operand<T>(b);
    }
}

/** The step-th piece of depth of a result, blocks of 8 columns, as the A of the next product. */
template <typename T, int N> __device__ __forceinline__ void as_operand(unsigned (&a)[4], const float (&s)[N][4], int step) {
    if constexpr (sizeof(T) == 2) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            a[i] = ptx::pack_bf16(s[2 * step + i / 2][i % 2 * 2], s[2 * step + i / 2][i % 2 * 2 + 1]);
        }
    } else {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            a[i] = ptx::to_tf32(s[step][i % 2 * 2 + i / 2]);
        }
    }
}

/** s = 16 rows of a from rowA on, times 8 N rows of b from rowB on, transposed. */
template <typename T, int D, int N> __device__ __forceinline__ void product(float (&s)[N][4], Tile<T, D> a, int rowA, Tile<T, D> b, int rowB) {
#pragma unroll
    for (int n = 0; n < N; n++) {
        s[n][0] = s[n][1] = s[n][2] = s[n][3] = 0.0f;
    }
#pragma unroll 4
    for (int step = 0; step < D / DEPTH<T>; step++) {
        unsigned left[4];
        load_a(left, a, rowA, step);
#pragma unroll
        for (int n = 0; n < N; n += 2) {
            unsigned right[4];
            load_b(right, b, rowB + 8 * n, step);
            multiply(s[n], left, right[0], right[1], T{});
            multiply(s[n + 1], left, right[2], right[3], T{});
        }
    }
}

/** o += left, a piece of depth, times 8 N columns of b from column0 on. */
template <typename T, int D, int N>
__device__ __forceinline__ void accumulate(float (&o)[N][4], const unsigned (&left)[4], Tile<T, D> b, int row0, int column0) {
#pragma unroll
    for (int n = 0; n < N; n += 2) {
        unsigned right[4];
        load_b_transposed(right, b, row0, column0 + 8 * n);
        multiply(o[n], left, right[0], right[1], T{});
        multiply(o[n + 1], left, right[2], right[3], T{});
    }
}

/** o += s · b, with s a result of this warp. */
template <typename T, int D, int N, int M> __device__ __forceinline__ void accumulate(float (&o)[N][4], const float (&s)[M][4], Tile<T, D> b) {
#pragma unroll
    for (int step = 0; step < 8 * M / DEPTH<T>; step++) {
        unsigned left[4];
        as_operand<T>(left, s, step);
        accumulate(o, left, b, step * DEPTH<T>, 0);
    }
}

/** A result of this warp into 16 rows of a tile; row r of it times factor[r / 8]. Other lanes see it after __syncwarp(). */
template <typename T, int D, int N>
__device__ __forceinline__ void put(Tile<T, D> to, int row0, int column0, const float (&o)[N][4], float factor0, float factor1) {
    int lane = threadIdx.x % 32;
#pragma unroll
    for (int n = 0; n < N; n++) {
        int column = column0 + 8 * n + lane % 4 * 2;
        float top[2] = {o[n][0] * factor0, o[n][1] * factor0};
        float bottom[2] = {o[n][2] * factor1, o[n][3] * factor1};
        store(to.element(row0 + lane / 4, column), top);
        store(to.element(row0 + lane / 4 + 8, column), bottom);
    }
}

/** The sum over the 4 lanes that have a row's columns. */
__device__ __forceinline__ float row_sum(float x) {
    x += __shfl_xor_sync(ALL_LANES, x, 1);
    return x + __shfl_xor_sync(ALL_LANES, x, 2);
}

__device__ __forceinline__ float row_max(float x) {
    x = fmaxf(x, __shfl_xor_sync(ALL_LANES, x, 1));
    return fmaxf(x, __shfl_xor_sync(ALL_LANES, x, 2));
}

}  // namespace sirocco::attention
