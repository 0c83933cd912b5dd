// Group normalisation (Wu & He 2018), with SiLU: level 2, for groups that do not fit in a multiprocessor. The pixels are cut into pieces: a first kernel
// finds mean and squared deviations of each piece, in two passes over shared memory; the second merges them (Chan et al. 1979), in the same
// order in every block, and normalises its own piece. stats gets (mean, 1/sqrt(variance + eps)) of each group.
// Traffic: two reads and one write of the tensor, 16 bytes a thread; the second read from the L2 cache where the tensor fits there. Bound by
// memory bandwidth.
#include "group_norm.cuh"

namespace sirocco::group_norm_v2 {

using namespace sirocco::group_norm;

/** parts gets (mean, squared deviations) of each group, [n, pieces, groups, 2]. */
template <typename T> __device__ __forceinline__ void measure(const T* x, int pixels, int c, int groups, int width, int piece, float* parts) {
    SIROCCO_DYNAMIC_SHARED(T, held);
    Slab<T> slab(pixels, c, groups, width);
    int begin = blockIdx.y * piece;
    int end = min(pixels, begin + piece);
    float* means = reinterpret_cast<float*>(held + static_cast<size_t>(piece) * width);
    float* squares = means + width;
    slab.fetch(reinterpret_cast<uint4*>(held), x, begin, end);
    ptx::cp_async_wait_all();
    statistics(slab, held, begin, end, means, squares, squares + width);
    for (int g = threadIdx.x; g < slab.groups(); g += THREADS) {
        float* to = parts + 2 * ((static_cast<size_t>(blockIdx.z) * gridDim.y + blockIdx.y) * groups + slab.first / slab.groupWidth + g);
        to[0] = means[g];
        to[1] = squares[g];
    }
}

template <typename T>
__device__ __forceinline__ void apply(const T* x, const float* gamma, const float* beta, const float* parts, int pixels, int c, int groups, float eps,
                                      int silu, int width, int piece, T* y, float* stats) {
    constexpr int V = vector_width<T>;
    SIROCCO_DYNAMIC_SHARED(float, means);
    float* scales = means + width;
    Slab<T> slab(pixels, c, groups, width);
    int lane = threadIdx.x % 32;
    for (int g = threadIdx.x / 32; g < slab.groups(); g += WARPS) {
        int group = slab.first / slab.groupWidth + g;
        const float* from = parts + 2 * (static_cast<size_t>(blockIdx.z) * gridDim.y * groups + group);
        auto size = [=](int p) { return static_cast<float>(min(pixels, (p + 1) * piece) - p * piece) * static_cast<float>(slab.groupWidth); };
        float count = static_cast<float>(pixels) * static_cast<float>(slab.groupWidth);
        float sum = 0.0f;
        for (int p = lane; p < static_cast<int>(gridDim.y); p += 32) {
            sum += size(p) / count * from[2 * static_cast<size_t>(p) * groups];
        }
        float mean = warp_sum(sum);
        float squares = 0.0f;
        for (int p = lane; p < static_cast<int>(gridDim.y); p += 32) {
            const float* part = from + 2 * static_cast<size_t>(p) * groups;
            squares += part[1] + size(p) * (part[0] - mean) * (part[0] - mean);
        }
        float scale = 1.0f / sqrtf(warp_sum(squares) / count + eps);
        if (lane == 0) {
            means[g] = mean;
            scales[g] = scale;
            if (blockIdx.y == 0) {
                float* to = stats + 2 * (static_cast<size_t>(blockIdx.z) * groups + group);
                to[0] = mean;
                to[1] = scale;
            }
        }
    }
    __syncthreads();
    Normalise<T> normalise(slab, means, scales, gamma, beta);
    int begin = blockIdx.y * piece;
    slab.each(begin, min(pixels, begin + piece), [&](int pixel, int) {
        float v[V];
        load(v, x + slab.at(pixel));
        normalise(v, silu);
        store(y + slab.at(pixel), v);
    });
}

}  // namespace sirocco::group_norm_v2

#define KERNELS(T, suffix)                                                                                                                           \
    SIROCCO_KERNEL(256, 4)                                                                                                                           \
    void group_norm_measure_v2_##suffix(const T* x, int pixels, int c, int groups, int width, int piece, float* parts) {                             \
        sirocco::take_turn();                                                                                                                        \
        sirocco::group_norm_v2::measure(x, pixels, c, groups, width, piece, parts);                                                                  \
    }                                                                                                                                                \
    SIROCCO_KERNEL(256, 2)                                                                                                                           \
    void group_norm_apply_v2_##suffix(const T* x, const float* gamma, const float* beta, const float* parts, int pixels, int c, int groups, float eps, \
                                      int silu, int width, int piece, T* y, float* stats) {                                                          \
        sirocco::take_turn();                                                                                                                        \
        sirocco::group_norm_v2::apply(x, gamma, beta, parts, pixels, c, groups, eps, silu, width, piece, y, stats);                                  \
    }

KERNELS(float, f32)
KERNELS(sirocco::bf16, bf16)
