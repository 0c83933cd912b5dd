// y = standard normal or uniform numbers of a stream, at the step of rng, or at *at if that is not null. Grid: (elements, images). A thread draws one Philox
// block, 4 elements that lie 16 apart.
// Traffic: writes 1 of the tensor in float32. About 60 instructions an element: bound by instructions.
#include "step.cuh"

namespace sirocco::draw {

template <bool NORMAL>
__device__ __forceinline__ void run(const int* rng, const int* index, const int* at, unsigned stream, float* y, int elements) {
    unsigned block = noise_block();
    if (noise_element(block, 0) >= static_cast<unsigned>(elements)) {
        return;
    }
    Rng key(rng);
    uint4 words = philox(key.seed, block, index[blockIdx.y], at != nullptr ? static_cast<unsigned>(*at) : key.step, stream);
    float4 z = NORMAL ? normals(words) : make_float4(uniform(words.x), uniform(words.y), uniform(words.z), uniform(words.w));
    float numbers[4] = {z.x, z.y, z.z, z.w};
    size_t image = static_cast<size_t>(blockIdx.y) * elements;
#pragma unroll
    for (int w = 0; w < 4; w++) {
        unsigned e = noise_element(block, w);
        if (e < static_cast<unsigned>(elements)) {
            y[image + e] = numbers[w];
        }
    }
}

}  // namespace sirocco::draw

SIROCCO_KERNEL(256, 4) void draw_normal_f32(const int* rng, const int* index, const int* at, int stream, float* y, int elements) {
    sirocco::take_turn();
    sirocco::draw::run<true>(rng, index, at, static_cast<unsigned>(stream), y, elements);
}

SIROCCO_KERNEL(256, 4) void draw_uniform_f32(const int* rng, const int* index, const int* at, int stream, float* y, int elements) {
    sirocco::take_turn();
    sirocco::draw::run<false>(rng, index, at, static_cast<unsigned>(stream), y, elements);
}
