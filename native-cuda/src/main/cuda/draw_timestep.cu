// t of every image, uniform in 0 … bound − 1: the high half of word 0 of its TRAIN block times bound. Bound by the launch's latency.
#include "step.cuh"

SIROCCO_KERNEL(256, 4) void draw_timestep(const int* rng, const int* index, int bound, int n, int* t) {
    sirocco::take_turn();
    int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i < n) {
        sirocco::Rng key(rng);
        uint4 words = sirocco::philox(key.seed, 0, index[i], key.step, sirocco::STREAM_TRAIN);
        t[i] = static_cast<int>(__umulhi(words.x, static_cast<unsigned>(bound)));
    }
}
