// Between a batch of pixels and the model (Ho et al. 2020, eq. 4 and algorithm 1): t and flip of each image from its TRAIN block, eps from
// stream NOISE, x0 = pixel/127.5 − 1; with row t of the schedule, (a, s, e, d, weight, …): xt = a·x0 + s·eps, target = e·eps + d·x0.
// Grid: (elements, images). A thread draws one Philox block, 4 elements that lie 16 apart, so 16 threads fill 64 bytes of each store.
// Traffic: reads 1 byte, writes 8 bytes an element in float32. About 60 instructions an element (Philox, logarithm, root, sine and cosine):
// near the balance of memory and instructions on an H100; bound by instructions in bf16.
#include "step.cuh"

namespace sirocco::noising {

/** What one image needs, found once a block. */
struct Image {
    float a, s, e, d;
    int flip;
};

template <typename T>
__device__ __forceinline__ void run(const unsigned char* images, const float* schedule, int timesteps, const int* rng, const int* index, int mayFlip,
                                    int width, int channels, int elements, T* xt, T* target, float* t, float* weight) {
    SIROCCO_SHARED(Image, shared, [1]);
    Rng key(rng);
    unsigned sample = index[blockIdx.y];
    if (threadIdx.x == 0) {
        uint4 words = philox(key.seed, 0, sample, key.step, STREAM_TRAIN);
        unsigned timestep = __umulhi(words.x, timesteps);
        const float* row = schedule + 8 * timestep;
        shared[0] = Image{row[0], row[1], row[2], row[3], mayFlip && (words.y & 1) != 0};
        if (blockIdx.x == 0) {
            t[blockIdx.y] = static_cast<float>(timestep);
            weight[blockIdx.y] = row[4];
        }
    }
    __syncthreads();
    Image image = shared[0];
    unsigned block = noise_block();
    if (noise_element(block, 0) >= static_cast<unsigned>(elements)) {
        return;
    }
    float4 z = normals(philox(key.seed, block, sample, key.step, STREAM_NOISE));
    float eps[4] = {z.x, z.y, z.z, z.w};
    size_t start = static_cast<size_t>(blockIdx.y) * elements;
    const unsigned char* pixels = images + start;
#pragma unroll
    for (int w = 0; w < 4; w++) {
        unsigned e = noise_element(block, w);
        if (e < static_cast<unsigned>(elements)) {
            unsigned from = e;
            if (image.flip) {
                unsigned pixel = e / channels;
                unsigned column = pixel % width;
                from = e + (width - 1 - 2 * static_cast<int>(column)) * channels;
            }
            float x0 = static_cast<float>(pixels[from]) * (1.0f / 127.5f) - 1.0f;
            xt[start + e] = from_float<T>(image.a * x0 + image.s * eps[w]);
            target[start + e] = from_float<T>(image.e * eps[w] + image.d * x0);
        }
    }
}

}  // namespace sirocco::noising

#define KERNEL(T, name)                                                                                                                     \
    SIROCCO_KERNEL(256, 4)                                                                                                                  \
    void name(const unsigned char* images, const float* schedule, int timesteps, const int* rng, const int* index, int mayFlip, int width,  \
              int channels, int elements, T* xt, T* target, float* t, float* weight) {                                                      \
        sirocco::take_turn();                                                                                                               \
        sirocco::noising::run(images, schedule, timesteps, rng, index, mayFlip, width, channels, elements, xt, target, t, weight);          \
    }

KERNEL(float, noising_f32)
KERNEL(sirocco::bf16, noising_bf16)
