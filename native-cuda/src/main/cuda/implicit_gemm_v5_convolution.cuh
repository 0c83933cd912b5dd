// The three products of a convolution on Hopper: which boxes of which tensors they multiply. As in implicit_gemm_convolution.cuh, whose results they share.
//
// Rows of a tile are a box of pixels, images × height × width, each a power of two. What a tap reads of an image for all of them is a box again, some
// pixels further: one copy. Where it lies outside the image it is zeros, which is what padding is; a stride is the tensor map's.
#pragma once

#include "implicit_gemm_convolution.cuh"
#include "implicit_gemm_v5.cuh"

namespace sirocco::implicit_gemm {

/** Pixels that are copied as one box: so many, of them 2^height × 2^width of an image. As in PixelBox.java. */
struct PixelBox {
    int height, width;
};

/** Boxes that cover images. Those at an edge stand over. */
struct Boxes {
    PixelBox box;
    int images;  // of a box
    int across, down, count;

    __device__ __forceinline__ Boxes(PixelBox box, int pixels, int n, int h, int w) : box(box), images(pixels >> (box.height + box.width)) {
        across = ceil_div(w, 1 << box.width);
        down = ceil_div(h, 1 << box.height);
        count = across * down * ceil_div(n, images);
    }

    __device__ __forceinline__ Pixel first(int i) const {
        return {i / across / down * images, i / across % down << box.height, i % across << box.width};
    }

    /** A pixel of a box, from its first. */
    __device__ __forceinline__ Pixel at(int i) const {
        return {i >> (box.height + box.width), i >> box.width & ((1 << box.height) - 1), i & ((1 << box.width) - 1)};
    }
};

/** A tile of results whose rows are a box of pixels. */
template <typename R> struct BoxOfResults {
    using T = typename R::T;
    R result;
    Boxes boxes;
    Pixel first;
    int n, h, w, column0, columns;

    template <int N> __device__ __forceinline__ void put(int row, int column, float (&values)[N]) const {
        Pixel p = boxes.at(row);
        p = {first.n + p.n, first.h + p.h, first.w + p.w};
        if (p.n < n && p.h < h && p.w < w) {
            implicit_gemm::put(result, columns, p, column0 + column, values);
        }
    }
};

/** y [n·oh·ow, k] = pixels of x · weights, both along the channels. The weights are [k][r·s][c] to their map, boxes of one tap. Grid: any. */
template <typename T>
__device__ __forceinline__ void forwardHopper(const TensorMap& x, const TensorMap& w, const Output<bf16>& output, const ConvShape& z, PixelBox box) {
    struct Source {
        const TensorMap& x;
        const TensorMap& w;
        ConvShape z;
        Pixel first;
        int column0;
        Tap tap;

        __device__ __forceinline__ void copy(unsigned char* a, unsigned char* b, Mbarrier* barrier) {
            ptx::copy_box(a, x, barrier, tap.channel, first.w + tap.q, first.h + tap.p, first.n);
            ptx::copy_box(b, w, barrier, tap.channel, tap.p * z.s + tap.q, column0);
            tap.advancePadded(T::DEPTH, z.s, z.c);
        }
    };
    Boxes boxes(box, T::ROWS, z.n, z.oh, z.ow);
    int across = ceil_div(z.k, T::COLUMNS);
    HopperProduct<T, Along::DEPTH, Along::DEPTH>::run(
            boxes.count * across, z.r * z.s * ceil_div(z.c, T::DEPTH),
            [&](int tile) {
                Pixel p = boxes.first(tile / across);
                return Source{x, w, z, {p.n, p.h * z.stride - z.top, p.w * z.stride - z.left}, tile % across * T::COLUMNS, {0, 0, 0}};
            },
            [&](int tile) {
                return BoxOfResults<Output<bf16>>{output, boxes, boxes.first(tile / across), z.n, z.oh, z.ow, tile % across * T::COLUMNS, z.k};
            });
}

/**
 * dx [n·h·w, c] = pixels of dy, along their channels, · weights, along c. As backwardData, a product for each phase of a stride; taps go
 * backwards. Grid: (any, phases).
 */
template <typename T>
__device__ __forceinline__ void backwardDataHopper(const TensorMap& dy, const TensorMap& w, const ConvShape& z, PixelBox box, bf16* dx) {
    struct Source {
        const TensorMap& dy;
        const TensorMap& w;
        ConvShape z;
        Phase phase;
        Pixel first;
        int column0;
        Tap tap;

        __device__ __forceinline__ void copy(unsigned char* a, unsigned char* b, Mbarrier* barrier) {
            ptx::copy_box(a, dy, barrier, tap.channel, first.w - tap.q, first.h - tap.p, first.n);
            int of = (phase.r + phase.stride * tap.p) * z.s + phase.s + phase.stride * tap.q;
#pragma unroll
            for (int panel = 0; panel < T::COLUMNS / T::PANEL; panel++) {
                ptx::copy_box(b + panel * T::PANEL_BYTES, w, barrier, column0 + panel * T::PANEL, of, tap.channel);
            }
            tap.advancePadded(T::DEPTH, phase.q, z.k);
        }
    };
    PhaseOfInput input(z, blockIdx.y);
    const Phase& phase = input.phase;
    Boxes boxes(box, T::ROWS, z.n, input.height, input.width);
    int across = ceil_div(z.c, T::COLUMNS);
    HopperProduct<T, Along::DEPTH, Along::OUTER>::run(
            boxes.count * across, phase.p * phase.q * ceil_div(z.k, T::DEPTH),
            [&](int tile) {
                Pixel p = boxes.first(tile / across);
                return Source{dy, w, z, phase, {p.n, p.h + input.firstH, p.w + input.firstW}, tile % across * T::COLUMNS, {0, 0, 0}};
            },
            [&](int tile) {
                return BoxOfResults<InputGradient<bf16>>{{dx, input.h0, input.w0, input.height, input.width, z}, boxes, boxes.first(tile / across), z.n,
                                                         input.height, input.width, tile % across * T::COLUMNS, z.c};
            });
}

/** A tile of the weights' gradient: rows from row0 on, columns of one tap. */
struct TapOfGradient {
    using T = float;
    WeightsGradient result;  // from the tap's first column on
    int row0, rows, column0, columns;

    template <int N> __device__ __forceinline__ void put(int row, int column, float (&values)[N]) const {
        if (row0 + row < rows) {
            implicit_gemm::put(result, columns, row0 + row, column0 + column, values);
        }
    }
};

/**
 * dw [k, r·s·c] = dy transposed · pixels of x, both along their channels; a slice of the depth is a box of 64 pixels. Columns of a tile
 * are of one tap. Grid: (any, parts). As backwardWeights.
 *
 * @param slicesOfPart boxes
 */
template <typename T>
__device__ __forceinline__ void backwardWeightsHopper(const TensorMap& x, const TensorMap& dy, const ConvShape& z, PixelBox box, int slicesOfPart, float* to) {
    struct Source {
        const TensorMap& x;
        const TensorMap& dy;
        ConvShape z;
        Boxes boxes;
        int slice, row0, column0, p, q;

        __device__ __forceinline__ void copy(unsigned char* a, unsigned char* b, Mbarrier* barrier) {
            Pixel first = boxes.first(slice);
#pragma unroll
            for (int panel = 0; panel < T::ROWS / T::PANEL; panel++) {
                ptx::copy_box(a + panel * T::PANEL_BYTES, dy, barrier, row0 + panel * T::PANEL, first.w, first.h, first.n);
            }
#pragma unroll
            for (int panel = 0; panel < T::COLUMNS / T::PANEL; panel++) {
                ptx::copy_box(b + panel * T::PANEL_BYTES, x, barrier, column0 + panel * T::PANEL, first.w * z.stride + q - z.left,
                              first.h * z.stride + p - z.top, first.n);
            }
            slice++;
        }
    };
    Boxes boxes(box, T::DEPTH, z.n, z.oh, z.ow);
    int first = blockIdx.y * slicesOfPart;
    int across = ceil_div(z.c, T::COLUMNS);
    int columns = z.r * z.s * across;
    float* part = to + static_cast<size_t>(blockIdx.y) * z.k * z.r * z.s * z.c;
    HopperProduct<T, Along::OUTER, Along::OUTER>::run(
            ceil_div(z.k, T::ROWS) * columns, min(slicesOfPart, boxes.count - first),
            [&](int tile) {
                int tap = tile % columns / across;
                return Source{x, dy, z, boxes, first, tile / columns * T::ROWS, tile % across * T::COLUMNS, tap / z.s, tap % z.s};
            },
            [&](int tile) {
                return TapOfGradient{{part + tile % columns / across * z.c, gridDim.y == 1, z.r * z.s * z.c}, tile / columns * T::ROWS, z.k,
                                     tile % across * T::COLUMNS, z.c};
            });
}

}  // namespace sirocco::implicit_gemm

/** KERNEL(name, tile) for each tile of level 5. */
#define SIROCCO_IMPLICIT_GEMM_V5(KERNEL, name)                                             \
    KERNEL(name##_256x128_bf16, sirocco::implicit_gemm::HopperTile<256, 128>)              \
    KERNEL(name##_128x128_bf16, sirocco::implicit_gemm::HopperTile<128, 128>)              \
    KERNEL(name##_128x64_bf16, sirocco::implicit_gemm::HopperTile<128, 64>)

/** The body of a kernel that is there on Hopper only. */
#ifdef SIROCCO_HOPPER
#define SIROCCO_ON_HOPPER(...) __VA_ARGS__
#else
#define SIROCCO_ON_HOPPER(...) __trap()
#endif
