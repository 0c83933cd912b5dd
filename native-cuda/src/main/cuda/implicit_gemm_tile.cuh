// Tiles of a matrix product's operands in shared memory, in 16-byte chunks, and how a block fills them.
//
// A tile has OUTER rows of A, or columns of B, and a slice of the depth of 64 bytes of one of them: 32 bf16 or 16 float. It lies as its operand
// does in global memory, so that a chunk is contiguous in both: along the depth, [outer][depth], or along the outer index, [depth][outer].
// Chunks are swizzled: which chunk of a row is where depends on the row, so that the 8 chunks which ldmatrix reads at a time, of 8 rows, are
// in 8 different places modulo 128 bytes, and no bank of shared memory is asked twice. Floats along the outer index cannot be read by ldmatrix,
// which transposes 16-bit numbers; word by word, 8 neighbours of 4 rows at a time, they need rows that begin 8 banks further each: padding.
#pragma once

#include "sirocco.cuh"

namespace sirocco::implicit_gemm {

constexpr int SLICE_BYTES = 64;

/** Which way an operand is contiguous. */
enum class Along { DEPTH, OUTER };

template <typename T_, Along ALONG_, int OUTER_> struct Tile {
    using T = T_;
    static constexpr Along ALONG = ALONG_;
    static constexpr int OUTER = OUTER_;
    static constexpr int DEPTH = SLICE_BYTES / static_cast<int>(sizeof(T));
    static constexpr int V = vector_width<T>;
    static constexpr int ROWS = ALONG == Along::DEPTH ? OUTER : DEPTH;
    static constexpr int CHUNKS = (ALONG == Along::DEPTH ? DEPTH : OUTER) / V;  // of a row
    static constexpr int PADDING = ALONG == Along::OUTER && sizeof(T) == 4 ? 32 : 0;
    static constexpr int ROW_BYTES = CHUNKS * 16 + PADDING;
    static constexpr int BYTES = ROWS * ROW_BYTES;
    /** Rows after which chunks are in the same places again: so many rows further is a constant number of bytes. */
    static constexpr int PERIOD = ALONG == Along::DEPTH || sizeof(T) == 2 ? 8 : 1;

    /** Bytes from the tile's start to a chunk. */
    static __device__ __forceinline__ int offset(int row, int chunk) {
        if constexpr (ALONG == Along::DEPTH) {
            return row * ROW_BYTES + (chunk ^ (row >> 1 & 3)) * 16;  // 2 rows in 128 bytes
        } else if constexpr (sizeof(T) == 2) {
            return row * ROW_BYTES + (chunk ^ (row & 7)) * 16;
        } else {
            return row * ROW_BYTES + chunk * 16;
        }
    }

    static __device__ __forceinline__ const T* at(const unsigned char* tile, int row, int column) {
        return reinterpret_cast<const T*>(tile + offset(row, column / V)) + column % V;
    }
};

/** An element of an operand, if there is one: else a zero stands for it, and nothing is to be read. */
template <typename T> struct Found {
    const T* at;
    bool exists;
};

/** The chunks that a thread copies: COUNT of them, one below the other. */
template <typename Tile, int THREADS> struct Share {
    static constexpr int COUNT = Tile::ROWS * Tile::CHUNKS / THREADS;
    static constexpr int STEP = THREADS / Tile::CHUNKS;
    static_assert(COUNT * THREADS == Tile::ROWS * Tile::CHUNKS && STEP * Tile::CHUNKS == THREADS, "threads share a tile evenly");
    static_assert(STEP % Tile::PERIOD == 0, "a thread's chunks are at the same place of their rows");

    static __device__ __forceinline__ int chunk() { return threadIdx.x % Tile::CHUNKS; }
    static __device__ __forceinline__ int row(int i) { return threadIdx.x / Tile::CHUNKS + i * STEP; }
    /** The first element of the thread's chunks, within a row. */
    static __device__ __forceinline__ int column() { return chunk() * Tile::V; }
};

/**
 * Copies this thread's chunks of an operand's current slice.
 *
 * @param VECTOR whether a chunk is 16 aligned bytes of one row of the operand; else every element is looked for by itself
 * @param ASYNC by cp.async where that can be, for the caller to wait for
 * @param operand find(i, e): element e of the thread's chunk i, as it is Found; with VECTOR e is 0
 */
template <bool VECTOR, bool ASYNC, typename Tile, int THREADS, typename Operand>
__device__ __forceinline__ void fill(unsigned char* tile, const Operand& operand) {
    using T = typename Tile::T;
    using S = Share<Tile, THREADS>;
    unsigned char* first = tile + Tile::offset(S::row(0), S::chunk());
#pragma unroll
    for (int i = 0; i < S::COUNT; i++) {
        unsigned char* to = first + i * S::STEP * Tile::ROW_BYTES;
        if constexpr (VECTOR) {
            Found<T> from = operand.find(i, 0);
            if constexpr (ASYNC) {
                ptx::cp_async_16(to, from.at, from.exists);
            } else {
                *reinterpret_cast<uint4*>(to) = from.exists ? *reinterpret_cast<const uint4*>(from.at) : make_uint4(0, 0, 0, 0);
            }
        } else {
            Pack<T, Tile::V> chunk;
#pragma unroll
            for (int e = 0; e < Tile::V; e++) {
                Found<T> from = operand.find(i, e);
                chunk.at[e] = from.exists ? *from.at : T{};
            }
            *reinterpret_cast<Pack<T, Tile::V>*>(to) = chunk;
        }
    }
}

}  // namespace sirocco::implicit_gemm
