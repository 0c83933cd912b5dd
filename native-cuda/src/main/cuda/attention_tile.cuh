// What the tiled kernels of attention share: rows of a head in shared memory, and where a head lies in memory.
#pragma once

#include "sirocco.cuh"

namespace sirocco::attention {

/** Where the block's head begins: grid (tiles of rows, heads, images). */
struct Head {
    /** From a tensor's start to the head's first row. */
    size_t start;
    /** From the start of [n, heads, length] to the head's first number. */
    size_t line;

    __device__ __forceinline__ Head(int length, int c, int d)
        : start(static_cast<size_t>(blockIdx.z) * length * c + static_cast<size_t>(blockIdx.y) * d),
          line((static_cast<size_t>(blockIdx.z) * gridDim.y + blockIdx.y) * length) { }
};

/**
 * Rows of a head, each of D elements of which those from d on are zeros. 16-byte chunks of a row change places by the row's number, so that
 * 8 chunks below each other lie in different banks: for ldmatrix, for float4 of rows side by side, and for transposed reading by rows 2t.
 */
template <typename T, int D> struct Tile {
    static constexpr int WIDTH = vector_width<T>;
    static constexpr int CHUNKS = D / WIDTH;
    static_assert(CHUNKS >= 4 && (CHUNKS & (CHUNKS - 1)) == 0, "rows of a power of two, at least 64 bytes");

    T* at;

    __device__ __forceinline__ T* chunk(int row, int i) const {
        int key = CHUNKS >= 8 ? row % 8 : row / 2 % 4;
        return at + row * D + (i ^ key) * WIDTH;
    }

    __device__ __forceinline__ T* element(int row, int column) const { return chunk(row, column / WIDTH) + column % WIDTH; }

    /** Rows first … first + ROWS of a head: asynchronously where its rows begin at multiples of 16 bytes. Rows from length on are zeros. */
    template <int ROWS, int THREADS> __device__ __forceinline__ void load_rows(const T* head, int first, int length, int c, int d) const {
        constexpr int STEP = THREADS / CHUNKS;  // a thread's chunks are one below the other
        static_assert(THREADS % CHUNKS == 0 && ROWS % STEP == 0, "threads share the rows evenly");
        int row = threadIdx.x / CHUNKS;
        int i = threadIdx.x % CHUNKS;
        int column = i * WIDTH;
        int rows = column < d ? length - first : 0;  // that this chunk has numbers in
        const T* from = head + (static_cast<size_t>(first + row) * c + column);
        if (d % WIDTH == 0) {
#pragma unroll
            for (int r = 0; r < ROWS; r += STEP, from += STEP * c) {
                ptx::cp_async_16(chunk(row + r, i), from, row + r < rows);
            }
        } else {
#pragma unroll 1
            for (; row < ROWS; row += STEP, from += STEP * c) {
                for (int e = 0; e < WIDTH; e++) {
                    chunk(row, i)[e] = row < rows && column + e < d ? from[e] : T{};
                }
            }
        }
    }

    /** 16 rows of the tile, columns begin … end, to rows first … of a head, by one warp; those that exist. */
    __device__ __forceinline__ void store_rows(int row0, int begin, int end, T* head, int first, int length, int c, int d) const {
        int chunks = (end - begin) / WIDTH;
        bool vectors = d % WIDTH == 0;
        for (int i = threadIdx.x % 32; i < 16 * chunks; i += 32) {
            int row = i / chunks;
            int column = begin + i % chunks * WIDTH;
            if (first + row < length && column < d) {
                const T* from = chunk(row0 + row, column / WIDTH);
                T* to = head + static_cast<size_t>(first + row) * c + column;
                if (vectors) {
                    *reinterpret_cast<uint4*>(to) = *reinterpret_cast<const uint4*>(from);
                } else {
                    for (int e = 0; e < WIDTH && column + e < d; e++) {
                        to[e] = from[e];
                    }
                }
            }
        }
    }
};

}  // namespace sirocco::attention
