// loss = mean of weight[image] · (prediction − target)², in two steps of fixed order: chunks of the elements, a thread block each; then the
// chunks, in double precision. weight may be null: 1.
// Traffic: reads 2 of the tensor. 3 operations for 8 bytes in float32: bound by memory bandwidth.
#include "sirocco.cuh"

namespace sirocco::mse_loss {

template <typename T>
__device__ __forceinline__ void chunk(const T* prediction, const T* target, const float* weight, int perImage, int n, int chunkSize, float* sums) {
    SIROCCO_SHARED(float, room, [32]);
    unsigned begin = blockIdx.x * static_cast<unsigned>(chunkSize);
    unsigned end = min(static_cast<unsigned>(n), begin + chunkSize);
    float sum[1] = {0.0f};
    for (unsigned i = begin + threadIdx.x; i < end; i += blockDim.x) {
        float difference = to_float(prediction[i]) - to_float(target[i]);
        sum[0] += (weight == nullptr ? 1.0f : weight[i / perImage]) * difference * difference;
    }
    block_sum(sum, &room[0]);
    if (threadIdx.x == 0) {
        sums[blockIdx.x] = sum[0];
    }
}

}  // namespace sirocco::mse_loss

#define KERNEL(T, name)                                                                                                                        \
    SIROCCO_KERNEL(256, 8)                                                                                                                     \
    void name(const T* prediction, const T* target, const float* weight, int perImage, int n, int chunkSize, float* sums) {                    \
        sirocco::take_turn();                                                                                                                  \
        sirocco::mse_loss::chunk(prediction, target, weight, perImage, n, chunkSize, sums);                                                    \
    }

KERNEL(float, mse_loss_f32)
KERNEL(sirocco::bf16, mse_loss_bf16)

SIROCCO_KERNEL(256, 1) void mse_loss_finish(const float* sums, int chunks, int n, float* loss) {
    sirocco::take_turn();
    SIROCCO_SHARED(double, room, [32]);
    double sum[1] = {0.0};
    for (int i = threadIdx.x; i < chunks; i += blockDim.x) {
        sum[0] += sums[i];
    }
    sirocco::block_sum(sum, &room[0]);
    if (threadIdx.x == 0) {
        *loss = static_cast<float>(sum[0] / n);
    }
}
