// Group normalisation (Wu & He 2018), with SiLU: level 1, a thread block for each group of an image, grid (groups, images). stats gets
// (mean, 1/sqrt(variance + eps)) of each group.
// Traffic: three reads of the group (for mean, variance and result; the later ones from cache where it fits), one write. Bound by memory
// bandwidth, and by latency where groups are few.
#include "elementwise.cuh"

namespace sirocco::group_norm_v1 {

template <typename T>
__device__ __forceinline__ void run(const T* x, const float* gamma, const float* beta, int pixels, int c, int groups, float eps, int silu, T* y,
                                    float* stats) {
    SIROCCO_SHARED(float, room, [32]);
    int width = c / groups;
    int first = blockIdx.x * width;
    int count = pixels * width;
    size_t image = static_cast<size_t>(blockIdx.y) * pixels * c;
    auto at = [=](int i) { return image + static_cast<size_t>(i / width) * c + first + i % width; };

    float sum[1] = {0.0f};
    for (int i = threadIdx.x; i < count; i += blockDim.x) {
        sum[0] += to_float(x[at(i)]);
    }
    block_sum(sum, &room[0]);
    float mean = sum[0] / static_cast<float>(count);
    __syncthreads();
    float squares[1] = {0.0f};
    for (int i = threadIdx.x; i < count; i += blockDim.x) {
        float d = to_float(x[at(i)]) - mean;
        squares[0] += d * d;
    }
    block_sum(squares, &room[0]);
    float scale = 1.0f / sqrtf(squares[0] / static_cast<float>(count) + eps);
    if (threadIdx.x == 0) {
        float* to = stats + 2 * (static_cast<size_t>(blockIdx.y) * groups + blockIdx.x);
        to[0] = mean;
        to[1] = scale;
    }
    for (int i = threadIdx.x; i < count; i += blockDim.x) {
        int channel = first + i % width;
        float z = (to_float(x[at(i)]) - mean) * scale * gamma[channel] + beta[channel];
        y[at(i)] = from_float<T>(silu ? z * sigmoid(z) : z);
    }
}

}  // namespace sirocco::group_norm_v1

#define KERNEL(T, name)                                                                                                                     \
    SIROCCO_KERNEL(256, 4)                                                                                                                  \
    void name(const T* x, const float* gamma, const float* beta, int pixels, int c, int groups, float eps, int silu, T* y, float* stats) {  \
        sirocco::take_turn();                                                                                                               \
        sirocco::group_norm_v1::run(x, gamma, beta, pixels, c, groups, eps, silu, y, stats);                                                \
    }

KERNEL(float, group_norm_v1_f32)
KERNEL(sirocco::bf16, group_norm_v1_bf16)
