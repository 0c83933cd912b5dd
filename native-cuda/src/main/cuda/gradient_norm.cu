// norm = the Euclidean norm of all gradients together, in two steps of fixed order: chunks of the tensors, a thread block each, found in a
// table of (pointer, elements); then the chunks, in double precision. Elements of a chunk but a tensor's last are a multiple of 4.
// Traffic: reads every gradient once, 16 bytes a thread. 2 operations for 4 bytes: bound by memory bandwidth.
#include "sirocco.cuh"

namespace sirocco::gradient_norm {

struct Chunk {
    const float* gradient;
    long long elements;
};

}  // namespace sirocco::gradient_norm

SIROCCO_KERNEL(256, 8) void gradient_norm(const sirocco::gradient_norm::Chunk* table, float* sums) {
    sirocco::take_turn();
    SIROCCO_SHARED(float, room, [32]);
    sirocco::gradient_norm::Chunk chunk = table[blockIdx.x];
    int n = static_cast<int>(chunk.elements);
    float sum[1] = {0.0f};
#pragma unroll 4
    for (int i = 4 * threadIdx.x; i < n; i += 4 * blockDim.x) {
        if (i + 4 <= n) {
            float g[4];
            sirocco::load(g, chunk.gradient + i);
            sum[0] += g[0] * g[0] + g[1] * g[1] + (g[2] * g[2] + g[3] * g[3]);
        } else {
            for (int j = i; j < n; j++) {
                sum[0] += chunk.gradient[j] * chunk.gradient[j];
            }
        }
    }
    sirocco::block_sum(sum, &room[0]);
    if (threadIdx.x == 0) {
        sums[blockIdx.x] = sum[0];
    }
}

SIROCCO_KERNEL(1024, 1) void gradient_norm_finish(const float* sums, int chunks, float* norm) {
    sirocco::take_turn();
    SIROCCO_SHARED(double, room, [32]);
    double sum[1] = {0.0};
#pragma unroll 4
    for (int i = threadIdx.x; i < chunks; i += blockDim.x) {
        sum[0] += sums[i];
    }
    sirocco::block_sum(sum, &room[0]);
    if (threadIdx.x == 0) {
        *norm = static_cast<float>(sqrt(sum[0]));
    }
}
