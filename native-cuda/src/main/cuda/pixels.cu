// x0 = pixel/127.5 − 1, each image mirrored left to right if bit 0 of word 1 of its TRAIN block is set and mirroring is allowed. Grid: (elements, images).
// Traffic: reads 1 byte, writes 4 an element: bound by memory bandwidth.
#include "step.cuh"

SIROCCO_KERNEL(256, 4)
void pixels_f32(const unsigned char* images, const int* rng, const int* index, int mayFlip, int width, int channels, int elements, float* x0) {
    sirocco::take_turn();
    int e = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (e >= elements) {
        return;
    }
    sirocco::Rng key(rng);
    bool flip = mayFlip && (sirocco::philox(key.seed, 0, index[blockIdx.y], key.step, sirocco::STREAM_TRAIN).y & 1) != 0;
    int from = flip ? e + (width - 1 - 2 * (e / channels % width)) * channels : e;
    size_t image = static_cast<size_t>(blockIdx.y) * elements;
    x0[image + e] = static_cast<float>(images[image + from]) * (1.0f / 127.5f) - 1.0f;
}
