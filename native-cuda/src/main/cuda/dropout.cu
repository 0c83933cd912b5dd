// y = x · scale where the element's uniform number is at least p, 0 elsewhere; scale = 1 / (1 − p). Grid: (elements, images).
// Traffic: reads 1, writes 1 of the tensor; 16 threads share 64 bytes of each access. A Philox block (about 100 instructions) for 4 elements,
// 32 bytes in float32: near the balance of memory and instructions.
#include "step.cuh"

namespace sirocco::dropout {

template <typename T>
__device__ __forceinline__ void run(const T* x, const int* rng, const int* index, float p, float scale, int id, T* y, int elements) {
    unsigned block = noise_block();
    if (noise_element(block, 0) >= static_cast<unsigned>(elements)) {
        return;
    }
    Rng key(rng);
    uint4 words = philox(key.seed, block, index[blockIdx.y], key.step, STREAM_DROPOUT + id);
    unsigned word[4] = {words.x, words.y, words.z, words.w};
    size_t image = static_cast<size_t>(blockIdx.y) * elements;
#pragma unroll
    for (int w = 0; w < 4; w++) {
        unsigned e = noise_element(block, w);
        if (e < static_cast<unsigned>(elements)) {
            y[image + e] = from_float<T>(uniform(word[w]) >= p ? to_float(x[image + e]) * scale : 0.0f);
        }
    }
}

}  // namespace sirocco::dropout

#define KERNEL(T, name)                                                                                                          \
    SIROCCO_KERNEL(256, 4) void name(const T* x, const int* rng, const int* index, float p, float scale, int id, T* y, int elements) { \
        sirocco::take_turn();                                                                                                          \
        sirocco::dropout::run(x, rng, index, p, scale, id, y, elements);                                                         \
    }

KERNEL(float, dropout_f32)
KERNEL(sirocco::bf16, dropout_bf16)
