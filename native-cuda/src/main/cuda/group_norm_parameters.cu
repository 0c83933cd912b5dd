// dBeta, dGamma [c] += the sums over images of (sum of dz, sum of dz · xhat), [n, c, 2]: what every level of GroupNorm's gradients ends with. A lane for
// each channel, a warp for every eighth image; then the warps' sums, one after the other.
// Traffic: reads 8 bytes for each image and channel. Bound by latency.
#include "sirocco.cuh"

SIROCCO_KERNEL(256, 4) void group_norm_parameters(const float* sums, int n, int c, float* dGamma, float* dBeta) {
    sirocco::take_turn();
    constexpr int WARPS = 8;
    SIROCCO_SHARED(float2, part, [WARPS][32]);
    int lane = threadIdx.x % 32;
    int warp = threadIdx.x / 32;
    int channel = blockIdx.x * 32 + lane;
    float2 sum = make_float2(0.0f, 0.0f);
    if (channel < c) {
#pragma unroll 8
        for (int i = warp; i < n; i += WARPS) {
            float2 each = *reinterpret_cast<const float2*>(sums + 2 * (static_cast<size_t>(i) * c + channel));
            sum.x += each.x;
            sum.y += each.y;
        }
    }
    part[warp][lane] = sum;
    __syncthreads();
    if (warp == 0 && channel < c) {
        for (int w = 1; w < WARPS; w++) {
            sum.x += part[w][lane].x;
            sum.y += part[w][lane].y;
        }
        dBeta[channel] += sum.x;
        dGamma[channel] += sum.y;
    }
}
