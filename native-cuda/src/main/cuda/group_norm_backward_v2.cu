// Gradients of group normalisation (+ SiLU), as group_norm_backward_v3: level 2, for groups that do not fit in a multiprocessor. A first kernel sums each
// piece of the pixels; the second adds the pieces' sums, in the same order in every block, and makes its own piece of dx.
// Traffic: two reads of x and dy, one of addend, one write of dx, 16 bytes a thread; the second read from the L2 cache where the tensors
// fit there. Bound by memory bandwidth, in bf16 not by far.
#include "group_norm.cuh"

namespace sirocco::group_norm_backward_v2 {

using namespace sirocco::group_norm;

/** parts gets (sum of dz, sum of dz · xhat) of each channel, [n, pieces, 2, c]. */
template <typename T>
__device__ __forceinline__ void measure(const T* x, const float* stats, const float* gamma, const float* beta, const T* dy, int pixels, int c, int groups,
                                        int silu, int width, int piece, float* parts) {
    constexpr int V = vector_width<T>;
    SIROCCO_DYNAMIC_SHARED(float, room);
    Slab<T> slab(pixels, c, groups, width);
    Slope<T> slope(slab, stats, groups, gamma, beta);
    int begin = blockIdx.y * piece;
    float s[2][V] = {};
    slab.each(begin, min(pixels, begin + piece), [&](int pixel, int) {
        float vx[V], vdy[V];
        load(vx, x + slab.at(pixel));
        load(vdy, dy + slab.at(pixel));
        slope.add(s, vx, vdy, silu);
    });
    sum_channels(slab, s, room);
    float* to = parts + 2 * (static_cast<size_t>(blockIdx.z) * gridDim.y + blockIdx.y) * c + slab.first;
    for (int i = threadIdx.x; i < slab.width; i += THREADS) {
        to[i] = room[i];
        to[c + i] = room[slab.width + i];
    }
}

template <typename T>
__device__ __forceinline__ void apply(const T* x, const float* stats, const float* gamma, const float* beta, const T* dy, const T* addend,
                                      const float* parts, int pixels, int c, int groups, int silu, int width, int piece, T* dx, float* sums) {
    constexpr int V = vector_width<T>;
    SIROCCO_DYNAMIC_SHARED(float, means);
    float* total = means + 2 * width;
    Slab<T> slab(pixels, c, groups, width);
    for (int i = threadIdx.x; i < slab.width; i += THREADS) {
        const float* from = parts + 2 * static_cast<size_t>(blockIdx.z) * gridDim.y * c + slab.first + i;
        float s0 = 0.0f, s1 = 0.0f;
        for (unsigned p = 0; p < gridDim.y; p++) {
            s0 += from[2 * static_cast<size_t>(p) * c];
            s1 += from[(2 * static_cast<size_t>(p) + 1) * c];
        }
        total[i] = s0;
        total[width + i] = s1;
        if (blockIdx.y == 0) {
            float* to = sums + 2 * (static_cast<size_t>(blockIdx.z) * c + slab.first + i);
            to[0] = s0;
            to[1] = s1;
        }
    }
    __syncthreads();
    float count = static_cast<float>(pixels) * static_cast<float>(slab.groupWidth);
    for (int which = 0; which < 2; which++) {
        sum_groups(slab, [&](int channel) { return gamma[slab.first + channel] * total[which * width + channel]; },
                   [&](int g, float sum) { means[which * width + g] = sum / count; });
    }
    Slope<T> slope(slab, stats, groups, gamma, beta);
    float mean0[V], mean1[V];
    slab.spread(mean0, means);
    slab.spread(mean1, means + width);
    int begin = blockIdx.y * piece;
    slab.each(begin, min(pixels, begin + piece), [&](int pixel, int) {
        float vx[V], vdy[V];
        load(vx, x + slab.at(pixel));
        load(vdy, dy + slab.at(pixel));
        slope.apply(vx, vdy, mean0, mean1, silu);
        add_vector(vx, addend, slab.at(pixel));
        store(dx + slab.at(pixel), vx);
    });
}

}  // namespace sirocco::group_norm_backward_v2

#define KERNELS(T, suffix)                                                                                                                        \
    SIROCCO_KERNEL(256, 2)                                                                                                                        \
    void group_norm_backward_measure_v2_##suffix(const T* x, const float* stats, const float* gamma, const float* beta, const T* dy, int pixels,  \
                                                 int c, int groups, int silu, int width, int piece, float* parts) {                               \
        sirocco::take_turn();                                                                                                                     \
        sirocco::group_norm_backward_v2::measure(x, stats, gamma, beta, dy, pixels, c, groups, silu, width, piece, parts);                        \
    }                                                                                                                                             \
    SIROCCO_KERNEL(256, 2)                                                                                                                        \
    void group_norm_backward_apply_v2_##suffix(const T* x, const float* stats, const float* gamma, const float* beta, const T* dy,                \
                                               const T* addend, const float* parts, int pixels, int c, int groups, int silu, int width,           \
                                               int piece, T* dx, float* sums) {                                                                   \
        sirocco::take_turn();                                                                                                                     \
        sirocco::group_norm_backward_v2::apply(x, stats, gamma, beta, dy, addend, parts, pixels, c, groups, silu, width, piece, dx, sums);        \
    }

KERNELS(float, f32)
KERNELS(sirocco::bf16, bf16)
