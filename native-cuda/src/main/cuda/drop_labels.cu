// y = labels, or nullLabel with probability p: word 2 of the sample's TRAIN block. A thread for each image; bound by the launch's latency.
#include "step.cuh"

SIROCCO_KERNEL(256, 4) void drop_labels(const int* labels, const int* rng, const int* index, float p, int nullLabel, int n, int* y) {
    sirocco::take_turn();
    using namespace sirocco;
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < static_cast<unsigned>(n)) {
        Rng key(rng);
        y[i] = uniform(philox(key.seed, 0, index[i], key.step, STREAM_TRAIN).z) < p ? nullLabel : labels[i];
    }
}
