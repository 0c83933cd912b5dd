// Gradients of group normalisation (+ SiLU): level 1, a thread block for each group of an image, grid (groups, images). With xhat = (x − mean) ·
// rstd, z = gamma·xhat + beta and dz the gradient at z: sums gets (sum of dz, sum of dz·xhat) over pixels, [n, c, 2];
// dx = rstd · (gamma·dz − mean of gamma·dz − xhat · mean of gamma·dz·xhat) (+ addend). group_norm_parameters adds the sums over images.
// Traffic: two reads of x and dy (the second from cache where the group fits), one write. Bound by memory bandwidth and, with SiLU, by its
// exponential.
#include "elementwise.cuh"

namespace sirocco::group_norm_backward_v1 {

constexpr int THREADS = 256;

template <typename T>
__device__ __forceinline__ void run(const T* x, const float* stats, const float* gamma, const float* beta, const T* dy, const T* addend, int pixels, int c,
                                    int groups, int silu, T* dx, float* sums) {
    SIROCCO_SHARED(float, part, [2][THREADS]);
    SIROCCO_SHARED(float, room, [64]);
    int width = c / groups;
    int first = blockIdx.x * width;
    size_t image = static_cast<size_t>(blockIdx.y) * pixels * c;
    const float* group = stats + 2 * (static_cast<size_t>(blockIdx.y) * groups + blockIdx.x);
    float mean = group[0];
    float scale = group[1];
    auto slope = [=](size_t i, int channel, float xhat) {
        float d = to_float(dy[i]);
        return silu ? d * silu_slope(gamma[channel] * xhat + beta[channel]) : d;
    };

    // Threads lie side by side along channels, and the rest of them along pixels.
    int lanes = min(width, THREADS);
    int rows = THREADS / lanes;
    int lane = threadIdx.x % lanes;
    int row = threadIdx.x / lanes;
    float total[2] = {0.0f, 0.0f};
    for (int begin = 0; begin < width; begin += lanes) {
        int channel = first + begin + lane;
        bool active = begin + lane < width && row < rows;
        float s0 = 0.0f, s1 = 0.0f;
        for (int p = row; active && p < pixels; p += rows) {
            size_t i = image + static_cast<size_t>(p) * c + channel;
            float xhat = (to_float(x[i]) - mean) * scale;
            float dz = slope(i, channel, xhat);
            s0 += dz;
            s1 += dz * xhat;
        }
        part[0][threadIdx.x] = s0;
        part[1][threadIdx.x] = s1;
        __syncthreads();
        if (row == 0 && active) {
            for (int r = 1; r < rows; r++) {
                s0 += part[0][r * lanes + lane];
                s1 += part[1][r * lanes + lane];
            }
            float* to = sums + 2 * (static_cast<size_t>(blockIdx.y) * c + channel);
            to[0] = s0;
            to[1] = s1;
            total[0] += gamma[channel] * s0;
            total[1] += gamma[channel] * s1;
        }
        __syncthreads();
    }
    block_sum(total, &room[0]);
    float count = static_cast<float>(pixels) * static_cast<float>(width);
    float mean0 = total[0] / count;
    float mean1 = total[1] / count;
    for (int e = threadIdx.x; e < pixels * width; e += THREADS) {
        int channel = first + e % width;
        size_t i = image + static_cast<size_t>(e / width) * c + channel;
        float xhat = (to_float(x[i]) - mean) * scale;
        float d = scale * (gamma[channel] * slope(i, channel, xhat) - mean0 - xhat * mean1);
        dx[i] = from_float<T>(d + (addend == nullptr ? 0.0f : to_float(addend[i])));
    }
}

}  // namespace sirocco::group_norm_backward_v1

#define KERNEL(T, name)                                                                                                                       \
    SIROCCO_KERNEL(256, 4)                                                                                                                    \
    void name(const T* x, const float* stats, const float* gamma, const float* beta, const T* dy, const T* addend, int pixels, int c,         \
              int groups, int silu, T* dx, float* sums) {                                                                                     \
        sirocco::take_turn();                                                                                                                 \
        sirocco::group_norm_backward_v1::run(x, stats, gamma, beta, dy, addend, pixels, c, groups, silu, dx, sums);                           \
    }

KERNEL(float, group_norm_backward_v1_f32)
KERNEL(sirocco::bf16, group_norm_backward_v1_bf16)
