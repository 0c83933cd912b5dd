// dPrediction = 2 · weight[image] · (prediction − target) / n. weight may be null: 1.
// Traffic: reads 2, writes 1 of a tensor of 3 channels. 3 operations for 12 bytes in float32: bound by memory bandwidth.
#include "sirocco.cuh"

namespace sirocco::mse_loss_backward {

template <typename T>
__device__ __forceinline__ void run(const T* prediction, const T* target, const float* weight, int perImage, int n, T* dPrediction) {
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < static_cast<unsigned>(n)) {
        float scale = 2.0f * (weight == nullptr ? 1.0f : weight[i / perImage]);
        dPrediction[i] = from_float<T>(scale * (to_float(prediction[i]) - to_float(target[i])) / static_cast<float>(n));
    }
}

}  // namespace sirocco::mse_loss_backward

#define KERNEL(T, name)                                                                                                            \
    SIROCCO_KERNEL(256, 8) void name(const T* prediction, const T* target, const float* weight, int perImage, int n, T* dPrediction) { \
        sirocco::take_turn();                                                                                                          \
        sirocco::mse_loss_backward::run(prediction, target, weight, perImage, n, dPrediction);                                     \
    }

KERNEL(float, mse_loss_backward_f32)
KERNEL(sirocco::bf16, mse_loss_backward_bf16)
