// The three products of a convolution by implicit GEMM: which matrices they multiply, and what becomes of the sums. A linear layer, and a 1×1
// convolution, are those of one tap. Operands: implicit_gemm_operands.cuh.
#pragma once

#include "implicit_gemm.cuh"
#include "implicit_gemm_operands.cuh"

namespace sirocco::implicit_gemm {

/** y = sum + bias + perChannel + residual. */
template <typename T_> struct Output {
    using T = T_;
    const float* bias;
    const T* perChannel;
    const T* residual;
    T* y;
    int height, width, channels;

    /** @param at a row, or its pixel where that is known */
    template <typename At, int N> __device__ __forceinline__ void put(const At& at, int column, float (&v)[N]) const {
        size_t i = static_cast<size_t>(row(at)) * channels + column;
        if (bias != nullptr) {
            add(v, bias + column);
        }
        if (perChannel != nullptr) {
            add(v, perChannel + image(at) * channels + column);
        }
        if (residual != nullptr) {
            add(v, residual + i);
        }
        store(y + i, v);
    }

private:
    static __device__ __forceinline__ int row(int row) { return row; }
    __device__ __forceinline__ int row(const Pixel& p) const { return (p.n * height + p.h) * width + p.w; }
    __device__ __forceinline__ int image(int row) const { return row / (height * width); }
    static __device__ __forceinline__ int image(const Pixel& p) { return p.n; }

    template <typename U, int N> static __device__ __forceinline__ void add(float (&v)[N], const U* from) {
        float other[N];
        load(other, from);
#pragma unroll
        for (int e = 0; e < N; e++) {
            v[e] += other[e];
        }
    }
};

/** y [n·oh·ow, k] = pixels of x [n·oh·ow, r·s·c] · weights [r·s·c, k]. Grid: (tiles). */
template <typename L>
__device__ __forceinline__ void forward(const typename L::T* x, const typename L::T* w, const float* bias, const typename L::T* perChannel,
                                        const typename L::T* residual, const ConvShape& z, typename L::T* y) {
    using P = Product<L, Along::DEPTH, Along::DEPTH>;
    typename P::Place place(z.n * z.oh * z.ow, z.k);
    int depth = z.r * z.s * z.c;
    auto pixel = [&](int row) {
        Pixel p = Pixel::at(row, z.oh, z.ow);
        return Pixel{p.n, p.h * z.stride - z.top, p.w * z.stride - z.left};
    };
    PixelsByDepth<typename P::TileA, L::THREADS, L::VECTOR> a(x, {z.h, z.w, z.c, z.r, z.s, 1}, place.row0, place.rows, pixel);
    RowsByDepth<typename P::TileB, L::THREADS, L::VECTOR> b(w, place.column0, z.k, depth);
    P::run(a, b, ceil_div(depth, P::DEPTH), place, Output<typename L::T>{bias, perChannel, residual, y, z.oh, z.ow, z.k});
}

/** Pixels of dx of one phase: (h, w) = (h0 + stride · i, w0 + stride · j), i < height and j < width. */
template <typename T_> struct InputGradient {
    using T = T_;
    T* dx;
    int h0, w0, height, width;
    ConvShape z;

    /** @param at a row, or its pixel where that is known */
    template <typename At, int N> __device__ __forceinline__ void put(const At& at, int column, float (&v)[N]) const {
        store(dx + static_cast<size_t>(pixel(at)) * z.c + column, v);
    }

private:
    __device__ __forceinline__ int pixel(int row) const { return z.stride == 1 ? row : pixel(Pixel::at(row, height, width)); }
    __device__ __forceinline__ int pixel(const Pixel& p) const { return (p.n * z.h + h0 + z.stride * p.h) * z.w + w0 + z.stride * p.w; }
};

/** Pixels of the input whose row and column leave given remainders by the stride, and the taps that they meet. */
struct PhaseOfInput {
    int h0, w0, height, width;  // pixels (h0 + stride · i, w0 + stride · j)
    Phase phase;
    int firstH, firstW;  // of dy, what the first tap of pixel (0, 0) reads

    __device__ __forceinline__ PhaseOfInput(const ConvShape& z, int number) : h0(number / z.stride), w0(number % z.stride) {
        height = ceil_div(z.h - h0, z.stride);
        width = ceil_div(z.w - w0, z.stride);
        phase = {(h0 + z.top) % z.stride, (w0 + z.left) % z.stride, 0, 0, z.stride};
        phase.p = max(0, ceil_div(z.r - phase.r, z.stride));
        phase.q = max(0, ceil_div(z.s - phase.s, z.stride));
        firstH = (h0 + z.top - phase.r) / z.stride;
        firstW = (w0 + z.left - phase.s) / z.stride;
    }
};

/**
 * dx [n·h·w, c] = pixels of dy [n·h·w, r·s·k] · weights [r·s·k, c]. With a stride, pixels of the input that agree modulo the stride meet the
 * same taps, one in stride² of all: each such phase is a product by itself, and no tap is multiplied that a pixel does not meet.
 * Grid: (tiles of the largest phase, the first; phases).
 */
template <typename L>
__device__ __forceinline__ void backwardData(const typename L::T* dy, const typename L::T* w, const ConvShape& z, typename L::T* dx) {
    using P = Product<L, Along::DEPTH, Along::OUTER>;
    PhaseOfInput input(z, blockIdx.y);
    if (input.height <= 0 || input.width <= 0) {
        return;
    }
    typename P::Place place(z.n * input.height * input.width, z.c);
    if (place.row0 >= place.rows) {
        return;
    }
    Phase phase = input.phase;
    int depth = phase.p * phase.q * z.k;
    if (depth == 0) {  // no tap: nothing to sum, and divisors that are not 0
        phase.p = 0;
        phase.q = 1;
    }
    auto pixel = [&](int row) {
        Pixel p = Pixel::at(row, input.height, input.width);
        return Pixel{p.n, p.h + input.firstH, p.w + input.firstW};
    };
    PixelsByDepth<typename P::TileA, L::THREADS, L::VECTOR> a(dy, {z.oh, z.ow, z.k, phase.p, phase.q, -1}, place.row0, place.rows, pixel);
    WeightsByOuter<typename P::TileB, L::THREADS, L::VECTOR> b(w, z, phase, place.column0);
    P::run(a, b, ceil_div(depth, P::DEPTH), place, InputGradient<typename L::T>{dx, input.h0, input.w0, input.height, input.width, z});
}

/** Sums of one part of the pixels: written, or added to what is there. */
struct WeightsGradient {
    using T = float;
    float* dw;
    bool add;
    int columns;

    template <int N> __device__ __forceinline__ void put(int row, int column, float (&v)[N]) const {
        float* to = dw + (static_cast<size_t>(row) * columns + column);
        if (add) {
            float old[N];
            load(old, to);
#pragma unroll
            for (int e = 0; e < N; e++) {
                v[e] += old[e];
            }
        }
        store(to, v);
    }
};

/**
 * dw [k, r·s·c] = dy transposed [k, n·oh·ow] · pixels of x [n·oh·ow, r·s·c], the depth in parts of so many slices. Grid: (tiles, parts).
 *
 * @param to with one part dw, which is added to; else [parts, k, r·s·c], for conv2d_sum_parts
 */
template <typename L>
__device__ __forceinline__ void backwardWeights(const typename L::T* x, const typename L::T* dy, const ConvShape& z, int slicesOfPart, float* to) {
    using P = Product<L, Along::OUTER, Along::OUTER>;
    int columns = z.r * z.s * z.c;
    typename P::Place place(z.k, columns);
    int pixels = z.n * z.oh * z.ow;
    int first = blockIdx.y * slicesOfPart;
    int slices = min(slicesOfPart, ceil_div(pixels, P::DEPTH) - first);
    RowsByOuter<typename P::TileA, L::THREADS, L::VECTOR> a(dy, place.row0, z.k, first * P::DEPTH, pixels);
    PixelsByOuter<typename P::TileB, L::THREADS, L::VECTOR> b(x, z, place.column0, first * P::DEPTH);
    float* part = to + static_cast<size_t>(blockIdx.y) * z.k * columns;
    P::run(a, b, slices, place, WeightsGradient{part, gridDim.y == 1, columns});
}

}  // namespace sirocco::implicit_gemm

/**
 * A level's kernels for one storage type: KERNEL(threads, blocks a multiprocessor, name, Level) for each tile, and for the small one
 * also without 16-byte accesses, for any number of channels.
 */
#define SIROCCO_IMPLICIT_GEMM(KERNEL, name, suffix, T, unit, stages)                                                                      \
    KERNEL(256, 2, name##_128x128_##suffix, sirocco::implicit_gemm::Level<T, 128, 128, sirocco::implicit_gemm::Unit::unit, stages, true>)  \
    KERNEL(128, 4, name##_64x64_##suffix, sirocco::implicit_gemm::Level<T, 64, 64, sirocco::implicit_gemm::Unit::unit, stages, true>)      \
    KERNEL(128, 3, name##_64x64_any_##suffix, sirocco::implicit_gemm::Level<T, 64, 64, sirocco::implicit_gemm::Unit::unit, stages, false>)

/** Level 4 has a tile that is too large for two blocks a multiprocessor, which a pipeline does not need. */
#define SIROCCO_IMPLICIT_GEMM_V4(KERNEL, name, suffix, T)                                                                                 \
    KERNEL(256, 1, name##_256x128_##suffix,                                                                                               \
           sirocco::implicit_gemm::Level<T, 256, 128, sirocco::implicit_gemm::Unit::TENSOR_CORES, 4, true>)                               \
    SIROCCO_IMPLICIT_GEMM(KERNEL, name, suffix, T, TENSOR_CORES, 4)

#define SIROCCO_CONV2D(threads, blocks, name, ...)                                                                                     \
    SIROCCO_KERNEL(threads, blocks)                                                                                                    \
    void name(const __VA_ARGS__::T* x, const __VA_ARGS__::T* w, const float* bias, const __VA_ARGS__::T* perChannel,                   \
              const __VA_ARGS__::T* residual, ConvShape shape, __VA_ARGS__::T* y) {                                                    \
        sirocco::take_turn();                                                                                                          \
        sirocco::implicit_gemm::forward<__VA_ARGS__>(x, w, bias, perChannel, residual, shape, y);                                      \
    }

#define SIROCCO_CONV2D_BACKWARD_DATA(threads, blocks, name, ...)                                                                       \
    SIROCCO_KERNEL(threads, blocks)                                                                                                    \
    void name(const __VA_ARGS__::T* dy, const __VA_ARGS__::T* w, ConvShape shape, __VA_ARGS__::T* dx) {                                \
        sirocco::take_turn();                                                                                                          \
        sirocco::implicit_gemm::backwardData<__VA_ARGS__>(dy, w, shape, dx);                                                           \
    }

#define SIROCCO_CONV2D_BACKWARD_WEIGHTS(threads, blocks, name, ...)                                                                    \
    SIROCCO_KERNEL(threads, blocks)                                                                                                    \
    void name(const __VA_ARGS__::T* x, const __VA_ARGS__::T* dy, ConvShape shape, int slicesOfPart, float* to) {                       \
        sirocco::take_turn();                                                                                                          \
        sirocco::implicit_gemm::backwardWeights<__VA_ARGS__>(x, dy, shape, slicesOfPart, to);                                          \
    }
