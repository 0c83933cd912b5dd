// A thread block's tile of a matrix product whose operands are gathered: the loop over slices of the depth, and how results leave.
// The levels of docs/cuda-convolution.md differ in three choices, which a Level makes.
#pragma once

#include <type_traits>

#include "implicit_gemm_math.cuh"
#include "implicit_gemm_result.cuh"

namespace sirocco::implicit_gemm {

enum class Unit { FMA, TENSOR_CORES };

/**
 * How a tile is computed.
 *
 * @param T of operands in memory
 * @param ROWS and COLUMNS: of the tile
 * @param STAGES 1: a slice is copied, then multiplied, and results leave from registers; else so many slices are under way at a time by
 *     cp.async, and results leave through shared memory, 16 bytes a thread
 * @param VECTOR whether chunks of the operands are 16 aligned bytes
 */
template <typename T_, int ROWS_, int COLUMNS_, Unit UNIT_, int STAGES_, bool VECTOR_> struct Level {
    using T = T_;
    static constexpr int ROWS = ROWS_;
    static constexpr int COLUMNS = COLUMNS_;
    static constexpr Unit UNIT = UNIT_;
    static constexpr int STAGES = STAGES_;
    static constexpr bool VECTOR = VECTOR_;
    static constexpr int THREADS = ROWS * COLUMNS >= 128 * 128 ? 256 : 128;
    static constexpr int WARPS_DOWN = ROWS == 256 ? 4 : 2;
};

template <typename L, Along ALONG_A, Along ALONG_B> struct Product {
    using T = typename L::T;
    using TileA = Tile<T, ALONG_A, L::ROWS>;
    using TileB = Tile<T, ALONG_B, L::COLUMNS>;
    using Math = std::conditional_t<L::UNIT == Unit::FMA, Fma<TileA, TileB, L::THREADS>, Mma<TileA, TileB, L::WARPS_DOWN, L::THREADS / 32 / L::WARPS_DOWN>>;
    static constexpr int DEPTH = TileA::DEPTH;
    static constexpr int STAGE_BYTES = TileA::BYTES + TileB::BYTES;

    /** Where the tile lies in the result: tiles are numbered along the columns first, so that blocks that run together share rows of A. */
    struct Place {
        int rows, columns, row0, column0;

        __device__ __forceinline__ Place(int rows, int columns) : rows(rows), columns(columns) {
            int across = ceil_div(columns, L::COLUMNS);
            row0 = blockIdx.x / across * L::ROWS;
            column0 = blockIdx.x % across * L::COLUMNS;
        }
    };

    /**
     * @param slices of the depth
     * @param result put(row, column, values): takes 1, 2 or a whole access of neighbours in a row
     */
    template <typename A, typename B, typename R>
    static __device__ __forceinline__ void run(A a, B b, int slices, const Place& place, const R& result) {
        SIROCCO_DYNAMIC_SHARED(unsigned char, shared);
        Math math;
        if constexpr (L::STAGES == 1) {
            for (int slice = 0; slice < slices; slice++) {
                copy(shared, a, b);
                __syncthreads();
                math.multiply(shared, shared + TileA::BYTES);
                __syncthreads();
            }
            leave(math, place, result);
        } else {
            int copied = 0;
            for (; copied < L::STAGES - 1; copied++) {
                if (copied < slices) {
                    copy(shared + copied * STAGE_BYTES, a, b);
                }
                ptx::cp_async_commit();
            }
            int to = L::STAGES - 1;
            int from = 0;
            for (int slice = 0; slice < slices; slice++) {
                ptx::cp_async_wait<L::STAGES - 2>();
                __syncthreads();  // the slice has come for everyone; and everyone is done with the stage that is filled next
                if (copied < slices) {
                    copy(shared + to * STAGE_BYTES, a, b);
                }
                ptx::cp_async_commit();
                copied++;
                to = to + 1 == L::STAGES ? 0 : to + 1;
                math.multiply(shared + from * STAGE_BYTES, shared + from * STAGE_BYTES + TileA::BYTES);
                from = from + 1 == L::STAGES ? 0 : from + 1;
            }
            ptx::cp_async_wait_all();
            __syncthreads();
            leaveThroughShared(math, reinterpret_cast<float*>(shared), place, result);
        }
    }

private:
    template <typename A, typename B> static __device__ __forceinline__ void copy(unsigned char* stage, A& a, B& b) {
        fill<L::VECTOR, (L::STAGES > 1), TileA, L::THREADS>(stage, a);
        fill<L::VECTOR, (L::STAGES > 1), TileB, L::THREADS>(stage + TileA::BYTES, b);
        a.advance();
        b.advance();
    }

    template <typename R, int N>
    static __device__ __forceinline__ void put(const Place& place, const R& result, int row, int column, float (&values)[N]) {
        if (row < place.rows) {
            implicit_gemm::put(result, place.columns, row, column, values);
        }
    }

    template <typename R> static __device__ __forceinline__ void leave(const Math& math, const Place& place, const R& result) {
        math.each([&](int row, int column, auto& values) { put(place, result, place.row0 + row, place.column0 + column, values); });
    }

    template <typename R>
    static __device__ __forceinline__ void leaveThroughShared(const Math& math, float* shared, const Place& place, const R& result) {
        math.each([&](int row, int column, auto& values) { store(shared + staged<L::COLUMNS>(row, column), values); });
        __syncthreads();
        eachStaged<L::ROWS, L::COLUMNS, L::THREADS, vector_width<typename R::T>>(shared, threadIdx.x, [&](int row, int column, auto& values) {
            put(place, result, place.row0 + row, place.column0 + column, values);
        });
    }
};

}  // namespace sirocco::implicit_gemm
