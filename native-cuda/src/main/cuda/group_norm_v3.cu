// Group normalisation (Wu & He 2018), with SiLU: level 3, one pass. A block holds a slab of an image, all pixels of some groups, in shared memory and
// goes over it three times: mean, squared deviations, result. stats gets (mean, 1/sqrt(variance + eps)) of each group.
// Traffic: one read and one write of the tensor, 16 bytes a thread, a pixel's piece at least a sector of 32 bytes where groups allow. About 30 operations
// for 4 bytes in bf16, an exponential and a division of them approximate: bound by memory bandwidth. Where images are few, by latency.
#include "group_norm.cuh"

namespace sirocco::group_norm_v3 {

using namespace sirocco::group_norm;

template <typename T>
__device__ __forceinline__ void run(const T* x, const float* gamma, const float* beta, int pixels, int c, int groups, float eps, int silu, int width, T* y,
                                    float* stats) {
    constexpr int V = vector_width<T>;
    SIROCCO_DYNAMIC_SHARED(T, held);
    Slab<T> slab(pixels, c, groups, width);
    float* means = reinterpret_cast<float*>(held + static_cast<size_t>(pixels) * width);
    float* scales = means + width;
    slab.fetch(reinterpret_cast<uint4*>(held), x, 0, pixels);
    ptx::cp_async_wait_all();
    statistics(slab, held, 0, pixels, means, scales, scales + width);
    float count = static_cast<float>(pixels) * static_cast<float>(slab.groupWidth);
    for (int g = threadIdx.x; g < slab.groups(); g += THREADS) {
        scales[g] = 1.0f / sqrtf(scales[g] / count + eps);
        float* to = stats + 2 * (static_cast<size_t>(blockIdx.z) * groups + slab.first / slab.groupWidth + g);
        to[0] = means[g];
        to[1] = scales[g];
    }
    __syncthreads();
    Normalise<T> normalise(slab, means, scales, gamma, beta);
    slab.each(0, pixels, [&](int pixel, int i) {
        float v[V];
        load(v, held + i * V);
        normalise(v, silu);
        store(y + slab.at(pixel), v);
    });
}

}  // namespace sirocco::group_norm_v3

#define KERNEL(T, name)                                                                                                                            \
    SIROCCO_KERNEL(256, 3)                                                                                                                         \
    void name(const T* x, const float* gamma, const float* beta, int pixels, int c, int groups, float eps, int silu, int width, T* y, float* stats) { \
        sirocco::take_turn();                                                                                                                         \
        sirocco::group_norm_v3::run(x, gamma, beta, pixels, c, groups, eps, silu, width, y, stats);                                                \
    }

KERNEL(float, group_norm_v3_f32)
KERNEL(sirocco::bf16, group_norm_v3_bf16)
