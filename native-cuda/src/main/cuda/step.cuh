// What changes from step to step, read from device memory, and how a kernel says that it is wrong.
#pragma once

#include "sirocco.cuh"

namespace sirocco {

/** An rng value: (seed low, seed high, step, 0). */
struct Rng {
    unsigned long long seed;
    unsigned step;

    __device__ __forceinline__ explicit Rng(const int* rng)
        : seed(static_cast<unsigned long long>(static_cast<unsigned>(rng[1])) << 32 | static_cast<unsigned>(rng[0])), step(static_cast<unsigned>(rng[2])) { }
};

/** The Philox block of this thread, where blocks of threads lie over an image's elements. */
__device__ __forceinline__ unsigned noise_block() { return blockIdx.x * blockDim.x + threadIdx.x; }

/** The element that word w of a block belongs to. */
__device__ __forceinline__ unsigned noise_element(unsigned block, int word) { return block / 16 * PHILOX_GROUP + block % 16 + 16 * word; }

/** Tells the host of a number that cannot be: which step, and the number. The first report stays. */
__device__ __forceinline__ void report(unsigned long long* fault, int step, int number) {
    volatile unsigned long long* place = fault;
    if (*place == 0) {
        *place = static_cast<unsigned long long>(static_cast<unsigned>(step)) << 32 | static_cast<unsigned>(number);
    }
}

}  // namespace sirocco
