// target ← decay · target + (1 − decay) · source for many tensors in one launch: a thread block for each chunk, found in a table of pointers.
// Traffic: reads 2, writes 1 of the tensors in float32: bound by memory bandwidth.
#include "sirocco.cuh"

namespace sirocco::average {

struct Chunk {
    float* target;
    const float* source;
    long long elements;
};

}  // namespace sirocco::average

SIROCCO_KERNEL(256, 4) void average_weights(const sirocco::average::Chunk* table, const float* decay) {
    sirocco::take_turn();
    sirocco::average::Chunk chunk = table[blockIdx.x];
    float d = *decay;
    for (int i = threadIdx.x; i < static_cast<int>(chunk.elements); i += blockDim.x) {
        chunk.target[i] = d * chunk.target[i] + (1.0f - d) * chunk.source[i];
    }
}
