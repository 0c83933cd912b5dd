// Gradients of group normalisation (+ SiLU): level 3, one pass. A block holds x and dy of a slab, all pixels of some groups, in shared memory. With
// xhat = (x − mean) · rstd, z = gamma·xhat + beta and dz the gradient at z: sums gets (sum of dz, sum of dz·xhat) over pixels, [n, c, 2];
// dx = rstd · (gamma·dz − mean of gamma·dz − xhat · mean of gamma·dz·xhat) (+ addend). group_norm_parameters adds the sums over images.
// Traffic: one read of x, dy and addend and one write of dx, 16 bytes a thread. About 60 operations for 6 bytes in bf16, SiLU's exponential and
// division twice: near the balance of memory and instructions; bound by memory bandwidth in float32.
#include "group_norm.cuh"

namespace sirocco::group_norm_backward_v3 {

using namespace sirocco::group_norm;

template <typename T>
__device__ __forceinline__ void run(const T* x, const float* stats, const float* gamma, const float* beta, const T* dy, const T* addend, int pixels, int c,
                                    int groups, int silu, int width, T* dx, float* sums) {
    constexpr int V = vector_width<T>;
    SIROCCO_DYNAMIC_SHARED(T, heldX);
    T* heldDy = heldX + static_cast<size_t>(pixels) * width;
    float* means = reinterpret_cast<float*>(heldDy + static_cast<size_t>(pixels) * width);
    float* room = means + 2 * width;
    Slab<T> slab(pixels, c, groups, width);
    slab.fetch(reinterpret_cast<uint4*>(heldX), x, 0, pixels);
    slab.fetch(reinterpret_cast<uint4*>(heldDy), dy, 0, pixels);
    Slope<T> slope(slab, stats, groups, gamma, beta);
    ptx::cp_async_wait_all();
    float s[2][V] = {};
    slab.each(0, pixels, [&](int, int i) {
        float vx[V], vdy[V];
        load(vx, heldX + i * V);
        load(vdy, heldDy + i * V);
        slope.add(s, vx, vdy, silu);
    });
    sum_channels(slab, s, room);
    for (int i = threadIdx.x; i < slab.width; i += THREADS) {
        float* to = sums + 2 * (static_cast<size_t>(blockIdx.z) * c + slab.first + i);
        to[0] = room[i];
        to[1] = room[slab.width + i];
    }
    float count = static_cast<float>(pixels) * static_cast<float>(slab.groupWidth);
    for (int which = 0; which < 2; which++) {
        sum_groups(slab, [&](int channel) { return gamma[slab.first + channel] * room[which * slab.width + channel]; },
                   [&](int g, float sum) { means[which * width + g] = sum / count; });
    }
    float mean0[V], mean1[V];
    slab.spread(mean0, means);
    slab.spread(mean1, means + width);
    slab.each(0, pixels, [&](int pixel, int i) {
        float vx[V], vdy[V];
        load(vx, heldX + i * V);
        load(vdy, heldDy + i * V);
        slope.apply(vx, vdy, mean0, mean1, silu);
        add_vector(vx, addend, slab.at(pixel));
        store(dx + slab.at(pixel), vx);
    });
}

}  // namespace sirocco::group_norm_backward_v3

#define KERNEL(T, name)                                                                                                                       \
    SIROCCO_KERNEL(256, 2)                                                                                                                    \
    void name(const T* x, const float* stats, const float* gamma, const float* beta, const T* dy, const T* addend, int pixels, int c,         \
              int groups, int silu, int width, T* dx, float* sums) {                                                                          \
        sirocco::take_turn();                                                                                                                 \
        sirocco::group_norm_backward_v3::run(x, stats, gamma, beta, dy, addend, pixels, c, groups, silu, width, dx, sums);                    \
    }

KERNEL(float, group_norm_backward_v3_f32)
KERNEL(sirocco::bf16, group_norm_backward_v3_bf16)
