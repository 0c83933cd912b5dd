// bf16 copies of weights, for convolutions of bf16 activations: all of them in one launch, a thread block for each chunk, found in a table of
// (from, to, elements). Elements of a chunk but a tensor's last are a multiple of 8.
// Traffic: reads 4, writes 2 bytes a weight, once a training step. No arithmetic but rounding: bound by memory bandwidth.
#include "sirocco.cuh"

namespace sirocco::copy_weights {

struct Chunk {
    const float* from;
    bf16* to;
    long long elements;
};

}  // namespace sirocco::copy_weights

SIROCCO_KERNEL(256, 8) void copy_weights(const sirocco::copy_weights::Chunk* table) {
    sirocco::take_turn();
    constexpr int V = sirocco::vector_width<sirocco::bf16>;
    sirocco::copy_weights::Chunk chunk = table[blockIdx.x];
    int n = static_cast<int>(chunk.elements);
    for (int i = V * threadIdx.x; i < n; i += V * blockDim.x) {
        if (i + V <= n) {
            float w[V];
            sirocco::load(w, chunk.from + i);
            sirocco::store(chunk.to + i, w);
        } else {
            for (int j = i; j < n; j++) {
                chunk.to[j] = sirocco::from_float<sirocco::bf16>(chunk.from[j]);
            }
        }
    }
}
