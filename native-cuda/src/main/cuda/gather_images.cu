// images [n, words] = image ids[i] of a dataset [size, words], words of as many bytes as divide an image. A row of thread blocks for each
// image. An id that is not in the dataset is reported, and its image is zero.
// Traffic: reads and writes a batch of bytes, 16 a thread where an image's size allows. Bound by the launch's latency, or by memory bandwidth.
#include "step.cuh"

#define KERNEL(T, name)                                                                                                                     \
    SIROCCO_KERNEL(256, 8) void name(const T* dataset, int size, const int* ids, int words, T* images, unsigned long long* fault, int step) { \
        sirocco::take_turn();                                                                                                                 \
        int word = blockIdx.x * blockDim.x + threadIdx.x;                                                                                   \
        int id = ids[blockIdx.y];                                                                                                           \
        bool known = id >= 0 && id < size;                                                                                                  \
        if (!known && word == 0) {                                                                                                          \
            sirocco::report(fault, step, id);                                                                                               \
        }                                                                                                                                   \
        if (word < words) {                                                                                                                 \
            images[static_cast<size_t>(blockIdx.y) * words + word] = known ? dataset[static_cast<size_t>(id) * words + word] : T();         \
        }                                                                                                                                   \
    }

KERNEL(uint4, gather_images_b16)
KERNEL(unsigned, gather_images_b4)
KERNEL(std::uint8_t, gather_images_b1)
