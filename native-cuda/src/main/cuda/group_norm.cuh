// What the vectorised kernels of group normalisation share. A block has a slab: whole groups that lie side by side, whose channels take a multiple
// of 16 bytes, of some of an image's pixels. A thread keeps to 16 bytes of the channels and goes from pixel to pixel, so what belongs to a channel
// stays in its registers. Grid: (slabs, pieces of the pixels, images).
#pragma once

#include "elementwise.cuh"

namespace sirocco::group_norm {

constexpr int THREADS = 256;
constexpr int WARPS = THREADS / 32;

template <typename T> struct Slab {
    static constexpr int V = vector_width<T>;

    /** Of a group, of the tensor, and where the slab begins. */
    int groupWidth, channels, first;
    int width;
    /** Threads below each other, one of which this is; and where its channels begin in the slab. */
    int rows, row, column;
    size_t image;

    __device__ __forceinline__ Slab(int pixels, int c, int groups, int slab)
        : groupWidth(c / groups), channels(c), first(blockIdx.x * slab), width(min(slab, c - first)), rows(THREADS * V / width),
          row(threadIdx.x / (width / V)), column(threadIdx.x % (width / V) * V), image(static_cast<size_t>(blockIdx.z) * pixels * c) { }

    /** Whether this thread has pixels: threads left over by the division have none. */
    __device__ __forceinline__ bool active() const { return row < rows; }

    /** From a tensor's start to this thread's channels of a pixel. */
    __device__ __forceinline__ size_t at(int pixel) const { return image + static_cast<size_t>(pixel) * channels + first + column; }

    __device__ __forceinline__ int groups() const { return width / groupWidth; }

    /** Calls f(pixel, i) for this thread's pixels of begin … end, i being its place among the slab's vectors. */
    template <typename F> __device__ __forceinline__ void each(int begin, int end, F f) const {
        if (active()) {
#pragma unroll 2
            for (int pixel = begin + row; pixel < end; pixel += rows) {
                f(pixel, (pixel - begin) * (width / V) + column / V);
            }
        }
    }

    /** Starts copying begin … end into shared memory, each thread what it will read itself. */
    __device__ __forceinline__ void fetch(uint4* to, const T* x, int begin, int end) const {
        each(begin, end, [&](int pixel, int i) { ptx::cp_async_16(to + i, x + at(pixel)); });
    }

    /** What each of this thread's channels has of numbers that belong to groups. */
    __device__ __forceinline__ void spread(float (&to)[V], const float* ofGroup) const {
#pragma unroll
        for (int e = 0; e < V; e++) {
            to[e] = ofGroup[(column + e) / groupWidth];
        }
    }
};

/**
 * The block's sums of N numbers for each channel of the slab, [N][width], in a fixed order: threads below each other in as many parts as there are
 * threads for, then the parts.
 *
 * @param room shared memory for reduction_room<T, N>(width) floats; the sums are at its start
 */
template <typename T, int N> __device__ __forceinline__ void sum_channels(const Slab<T>& slab, const float (&s)[N][vector_width<T>], float* room) {
    int width = slab.width;
    int parts = max(1, THREADS / width);
    float* sums = room;
    float* part = sums + N * width;
    float* thread = part + N * parts * width;
    if (slab.active()) {
#pragma unroll
        for (int n = 0; n < N; n++) {
            store(thread + (n * slab.rows + slab.row) * width + slab.column, s[n]);
        }
    }
    __syncthreads();
    for (int i = threadIdx.x; i < parts * width; i += THREADS) {
#pragma unroll
        for (int n = 0; n < N; n++) {
            float sum = 0.0f;
            for (int row = i / width; row < slab.rows; row += parts) {
                sum += thread[(n * slab.rows + row) * width + i % width];
            }
            part[n * parts * width + i] = sum;
        }
    }
    __syncthreads();
    for (int i = threadIdx.x; i < width; i += THREADS) {
#pragma unroll
        for (int n = 0; n < N; n++) {
            float sum = 0.0f;
            for (int p = 0; p < parts; p++) {
                sum += part[(n * parts + p) * width + i];
            }
            sums[n * width + i] = sum;
        }
    }
    __syncthreads();
}

/** Calls write(group, sum) once for each group of the slab: the sum of value(channel of the slab) over its channels. A warp for each group. */
template <typename T, typename F, typename W> __device__ __forceinline__ void sum_groups(const Slab<T>& slab, F value, W write) {
    for (int g = threadIdx.x / 32; g < slab.groups(); g += WARPS) {
        float sum = 0.0f;
        for (int i = threadIdx.x % 32; i < slab.groupWidth; i += 32) {
            sum += value(g * slab.groupWidth + i);
        }
        sum = warp_sum(sum);
        if (threadIdx.x % 32 == 0) {
            write(g, sum);
        }
    }
    __syncthreads();
}

/** The logistic function: by approximate instructions where bf16 forgets the difference. */
template <typename T> __device__ __forceinline__ float logistic(float x) {
    if constexpr (sizeof(T) == 2) {
        return __fdividef(1.0f, 1.0f + ptx::exp2_approx(-LOG2E * x));
    } else {
        return sigmoid(x);
    }
}

/** y = (x − mean) · scale · gamma + beta, and SiLU of it, for one thread's channels. */
template <typename T> struct Normalise {
    static constexpr int V = vector_width<T>;

    float mean[V], factor[V], shift[V];

    __device__ __forceinline__ Normalise(const Slab<T>& slab, const float* means, const float* scales, const float* gamma, const float* beta) {
        slab.spread(mean, means);
        slab.spread(factor, scales);
#pragma unroll
        for (int e = 0; e < V; e++) {
            factor[e] *= gamma[slab.first + slab.column + e];
            shift[e] = beta[slab.first + slab.column + e];
        }
    }

    __device__ __forceinline__ void operator()(float (&x)[V], int silu) const {
#pragma unroll
        for (int e = 0; e < V; e++) {
            float z = (x[e] - mean[e]) * factor[e] + shift[e];
            x[e] = silu ? z * logistic<T>(z) : z;
        }
    }
};

/** The gradient at z = gamma · xhat + beta, where y = z or SiLU of z, for one thread's channels. */
template <typename T> struct Slope {
    static constexpr int V = vector_width<T>;

    float mean[V], scale[V], gamma[V], beta[V];

    __device__ __forceinline__ Slope(const Slab<T>& slab, const float* stats, int groups, const float* gammas, const float* betas) {
#pragma unroll
        for (int e = 0; e < V; e++) {
            int channel = slab.first + slab.column + e;
            const float* group = stats + 2 * (static_cast<size_t>(blockIdx.z) * groups + channel / slab.groupWidth);
            mean[e] = group[0];
            scale[e] = group[1];
            gamma[e] = gammas[channel];
            beta[e] = betas[channel];
        }
    }

    __device__ __forceinline__ float xhat(float x, int e) const { return (x - mean[e]) * scale[e]; }

    __device__ __forceinline__ float operator()(float xhat, float dy, int e, int silu) const {
        if (!silu) {
            return dy;
        }
        float z = gamma[e] * xhat + beta[e];
        float s = logistic<T>(z);
        return dy * s * (1.0f + z * (1.0f - s));
    }

    /** s += (dz, dz · xhat) of a pixel. */
    __device__ __forceinline__ void add(float (&s)[2][V], const float (&x)[V], const float (&dy)[V], int silu) const {
#pragma unroll
        for (int e = 0; e < V; e++) {
            float h = xhat(x[e], e);
            float dz = (*this)(h, dy[e], e, silu);
            s[0][e] += dz;
            s[1][e] += dz * h;
        }
    }

    /** x becomes the gradient at x, given the means over the group of gamma · dz and of gamma · dz · xhat. */
    __device__ __forceinline__ void apply(float (&x)[V], const float (&dy)[V], const float (&mean0)[V], const float (&mean1)[V], int silu) const {
#pragma unroll
        for (int e = 0; e < V; e++) {
            float h = xhat(x[e], e);
            x[e] = scale[e] * (gamma[e] * (*this)(h, dy[e], e, silu) - mean0[e] - h * mean1[e]);
        }
    }
};

/** x += what lies at from, if anything. */
template <typename T, int V> __device__ __forceinline__ void add_vector(float (&x)[V], const T* tensor, size_t at) {
    if (tensor != nullptr) {
        float other[V];
        load(other, tensor + at);
#pragma unroll
        for (int e = 0; e < V; e++) {
            x[e] += other[e];
        }
    }
}

/** Mean and sum of squared deviations of each group over the pixels begin … end, which lie in shared memory: two passes there. */
template <typename T>
__device__ __forceinline__ void statistics(const Slab<T>& slab, const T* held, int begin, int end, float* means, float* squares, float* room) {
    constexpr int V = vector_width<T>;
    float count = static_cast<float>(end - begin) * static_cast<float>(slab.groupWidth);
    float s[1][V] = {};
    slab.each(begin, end, [&](int, int i) {
        float x[V];
        load(x, held + i * V);
#pragma unroll
        for (int e = 0; e < V; e++) {
            s[0][e] += x[e];
        }
    });
    sum_channels(slab, s, room);
    sum_groups(slab, [&](int channel) { return room[channel]; }, [&](int g, float sum) { means[g] = sum / count; });
    float mean[V];
    slab.spread(mean, means);
#pragma unroll
    for (int e = 0; e < V; e++) {
        s[0][e] = 0.0f;
    }
    slab.each(begin, end, [&](int, int i) {
        float x[V];
        load(x, held + i * V);
#pragma unroll
        for (int e = 0; e < V; e++) {
            s[0][e] += (x[e] - mean[e]) * (x[e] - mean[e]);
        }
    });
    sum_channels(slab, s, room);
    sum_groups(slab, [&](int channel) { return room[channel]; }, [&](int g, float sum) { squares[g] = sum; });
}

}  // namespace sirocco::group_norm
