// The operands of a convolution's three products, gathered from tensors as they are. Each knows, of the depth's current slice, where the chunks
// are that its thread copies (find) and how to go on to the next slice (advance). Zeros stand for padding and for what is beyond the matrix.
//
//                        A [rows, depth]                                 B [depth, columns]
//     forward            pixels of x, along (r, s, c): PixelsByDepth     weights [k][r·s·c]: RowsByDepth
//     backward-data      pixels of dy, along (r, s, k): PixelsByDepth    weights [k][r][s][c], along c: WeightsByOuter
//     backward-weights   dy [pixels][k], along k: RowsByOuter            pixels of x, along (r, s, c): PixelsByOuter
#pragma once

#include "conv_shape.cuh"
#include "implicit_gemm_tile.cuh"

namespace sirocco::implicit_gemm {

/** A place in taps × channels: tap (p, q), the channel fastest. */
struct Tap {
    int p, q, channel;

    static __device__ __forceinline__ Tap at(int i, int across, int channels) {
        int tap = i / channels;
        return {tap / across, tap % across, i % channels};
    }

    __device__ __forceinline__ void advance(int by, int across, int channels) {
        channel += by;
        while (channel >= channels) {
            channel -= channels;
            if (++q == across) {
                q = 0;
                p++;
            }
        }
    }

    /** The same where each tap's channels are filled up to a multiple of by. */
    __device__ __forceinline__ void advancePadded(int by, int across, int channels) {
        channel += by;
        if (channel >= channels) {
            channel = 0;
            if (++q == across) {
                q = 0;
                p++;
            }
        }
    }
};

/** A pixel of a batch of images. */
struct Pixel {
    int n, h, w;

    static __device__ __forceinline__ Pixel at(int i, int height, int width) { return {i / (height * width), i / width % height, i % width}; }

    /** @param step as many pixels as Pixel::at was asked for to make it */
    __device__ __forceinline__ void advance(const Pixel& step, int height, int width) {
        w += step.w;
        h += step.h;
        n += step.n;
        if (w >= width) {
            w -= width;
            h++;
        }
        if (h >= height) {
            h -= height;
            n++;
        }
    }
};

/** What a gather reads: images [n,h,w,c], by p × q taps, each a pixel further in a direction (1 or −1). */
struct Images {
    int h, w, c, p, q, direction;
};

/** Row: a pixel of the result, given as the pixel that tap (0, 0) reads. Depth: (p, q, c). */
template <typename Tile, int THREADS, bool VECTOR> class PixelsByDepth {
    using T = typename Tile::T;
    using S = Share<Tile, THREADS>;
    static constexpr int NOWHERE = -(1 << 30);

    /** What tap (0, 0) reads for a row: how far from x, and which pixel of its image; it may be beyond the image. */
    struct Row {
        int start, h, w;
    };

    const T* x;
    Images images;
    Row rows[S::COUNT];
    int depth = S::column();
    Tap tap;

public:
    /** @param pixel of a row */
    template <typename F>
    __device__ __forceinline__ PixelsByDepth(const T* x, const Images& images, int row0, int end, F pixel) : x(x), images(images) {
        tap = Tap::at(depth, images.q, images.c);
#pragma unroll
        for (int i = 0; i < S::COUNT; i++) {
            int row = row0 + S::row(i);
            Pixel first = row < end ? pixel(row) : Pixel{0, 0, 0};
            rows[i] = {((first.n * images.h + first.h) * images.w + first.w) * images.c, row < end ? first.h : NOWHERE, first.w};
        }
    }

    __device__ __forceinline__ Found<T> find(int i, int e) const {
        Tap t = VECTOR ? tap : Tap::at(depth + e, images.q, images.c);
        int h = rows[i].h + images.direction * t.p;
        int w = rows[i].w + images.direction * t.q;
        bool inside = t.p < images.p && static_cast<unsigned>(h) < static_cast<unsigned>(images.h) && static_cast<unsigned>(w) < static_cast<unsigned>(images.w);
        int further = images.direction * (t.p * images.w + t.q) * images.c + t.channel;
        return {x + (rows[i].start + further), inside};
    }

    __device__ __forceinline__ void advance() {
        depth += Tile::DEPTH;
        if constexpr (VECTOR) {
            tap.advance(Tile::DEPTH, images.q, images.c);
        }
    }
};

/** A matrix [outer][depth]. */
template <typename Tile, int THREADS, bool VECTOR> class RowsByDepth {
    using T = typename Tile::T;
    using S = Share<Tile, THREADS>;

    const T* w;
    int outer0, outers, depths;
    int depth = S::column();

public:
    __device__ __forceinline__ RowsByDepth(const T* w, int outer0, int outers, int depths) : w(w), outer0(outer0), outers(outers), depths(depths) { }

    __device__ __forceinline__ Found<T> find(int i, int e) const {
        int outer = outer0 + S::row(i);
        return {w + (outer * depths + depth + e), outer < outers && depth + e < depths};
    }

    __device__ __forceinline__ void advance() { depth += Tile::DEPTH; }
};

/** A matrix [depth][outer]. */
template <typename Tile, int THREADS, bool VECTOR> class RowsByOuter {
    using T = typename Tile::T;
    using S = Share<Tile, THREADS>;

    const T* x;
    int outer, outers, depth0, depths;

public:
    __device__ __forceinline__ RowsByOuter(const T* x, int outer0, int outers, int depth0, int depths)
        : x(x), outer(outer0 + S::column()), outers(outers), depth0(depth0), depths(depths) { }

    __device__ __forceinline__ Found<T> find(int i, int e) const {
        int depth = depth0 + S::row(i);
        return {x + (depth * outers + outer + e), depth < depths && outer + e < outers};
    }

    __device__ __forceinline__ void advance() { depth0 += Tile::DEPTH; }
};

/** Taps of a kernel that meet pixels of one phase of a stride: rows r, r + stride, …, p of them, and columns s, s + stride, …, q of them. */
struct Phase {
    int r, s, p, q, stride;
};

/** Weights [k][r][s][c]. Depth: (p, q, k), the taps those of a phase. Column: c. */
template <typename Tile, int THREADS, bool VECTOR> class WeightsByOuter {
    using T = typename Tile::T;
    using S = Share<Tile, THREADS>;

    const T* w;
    ConvShape z;
    Phase phase;
    int column;
    Tap tap[S::COUNT];

public:
    __device__ __forceinline__ WeightsByOuter(const T* w, const ConvShape& z, const Phase& phase, int column0)
        : w(w), z(z), phase(phase), column(column0 + S::column()) {
#pragma unroll
        for (int i = 0; i < S::COUNT; i++) {
            tap[i] = phase.q == 0 ? Tap{0, 0, 0} : Tap::at(S::row(i), phase.q, z.k);
        }
    }

    __device__ __forceinline__ Found<T> find(int i, int e) const {
        int r = phase.r + phase.stride * tap[i].p;
        int s = phase.s + phase.stride * tap[i].q;
        return {w + (((tap[i].channel * z.r + r) * z.s + s) * z.c + column + e), tap[i].p < phase.p && column + e < z.c};
    }

    __device__ __forceinline__ void advance() {
#pragma unroll
        for (int i = 0; i < S::COUNT; i++) {
            tap[i].advance(Tile::DEPTH, phase.q, z.k);
        }
    }
};

/** Depth: a pixel of the output. Column: (r, s, c) of the input that it reads. */
template <typename Tile, int THREADS, bool VECTOR> class PixelsByOuter {
    using T = typename Tile::T;
    using S = Share<Tile, THREADS>;

    const T* x;
    ConvShape z;
    int column;
    Tap tap;
    Pixel pixel[S::COUNT];
    Pixel step;

public:
    __device__ __forceinline__ PixelsByOuter(const T* x, const ConvShape& z, int column0, int depth0) : x(x), z(z), column(column0 + S::column()) {
        tap = Tap::at(column, z.s, z.c);
        step = Pixel::at(Tile::DEPTH, z.oh, z.ow);
#pragma unroll
        for (int i = 0; i < S::COUNT; i++) {
            pixel[i] = Pixel::at(depth0 + S::row(i), z.oh, z.ow);
        }
    }

    __device__ __forceinline__ Found<T> find(int i, int e) const {
        Tap t = VECTOR ? tap : Tap::at(column + e, z.s, z.c);
        int h = pixel[i].h * z.stride + t.p - z.top;
        int w = pixel[i].w * z.stride + t.q - z.left;
        bool inside = t.p < z.r && pixel[i].n < z.n && static_cast<unsigned>(h) < static_cast<unsigned>(z.h)
                && static_cast<unsigned>(w) < static_cast<unsigned>(z.w);
        return {x + (((pixel[i].n * z.h + h) * z.w + w) * z.c + t.channel), inside};
    }

    __device__ __forceinline__ void advance() {
#pragma unroll
        for (int i = 0; i < S::COUNT; i++) {
            pixel[i].advance(step, z.oh, z.ow);
        }
    }
};

}  // namespace sirocco::implicit_gemm
