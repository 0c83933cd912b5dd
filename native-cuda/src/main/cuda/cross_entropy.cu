// The cross-entropy of logits [tokens, classes] and its gradient. A warp for each token; mse_loss_finish adds up the tokens' losses. A label that is no
// class is reported, and counts as class 0.
// Traffic: reads the logits twice (forward) or three times, which lie in the cache: bound by memory bandwidth at many classes, by latency at few.
#include "step.cuh"

namespace sirocco::cross_entropy {

__device__ __forceinline__ int label_of(const int* labels, int token, int classes, unsigned long long* fault, int step) {
    int label = labels[token];
    if (label < 0 || label >= classes) {
        if (threadIdx.x % 32 == 0) {
            report(fault, step, label);
        }
        return 0;
    }
    return label;
}

__device__ __forceinline__ float log_sum_exp(const float* logits, int classes) {
    int lane = threadIdx.x % 32;
    float largest = -INFINITY;
    for (int c = lane; c < classes; c += 32) {
        largest = fmaxf(largest, logits[c]);
    }
    largest = warp_max(largest);
    float sum = 0.0f;
    for (int c = lane; c < classes; c += 32) {
        sum += expf(logits[c] - largest);
    }
    return largest + logf(warp_sum(sum));
}

}  // namespace sirocco::cross_entropy

SIROCCO_KERNEL(256, 4)
void cross_entropy_f32(const float* logits, const int* labels, int tokens, int classes, float* losses, unsigned long long* fault, int step) {
    sirocco::take_turn();
    using namespace sirocco::cross_entropy;
    int token = static_cast<int>((blockIdx.x * blockDim.x + threadIdx.x) / 32);
    if (token >= tokens) {
        return;
    }
    const float* row = logits + static_cast<size_t>(token) * classes;
    float logs = log_sum_exp(row, classes);
    int label = label_of(labels, token, classes, fault, step);
    if (threadIdx.x % 32 == 0) {
        losses[token] = logs - row[label];
    }
}

SIROCCO_KERNEL(256, 4)
void cross_entropy_backward_f32(const float* logits, const int* labels, int tokens, int classes, float* d, unsigned long long* fault, int step) {
    sirocco::take_turn();
    using namespace sirocco::cross_entropy;
    int token = static_cast<int>((blockIdx.x * blockDim.x + threadIdx.x) / 32);
    if (token >= tokens) {
        return;
    }
    const float* row = logits + static_cast<size_t>(token) * classes;
    float logs = log_sum_exp(row, classes);
    int label = label_of(labels, token, classes, fault, step);
    for (int c = threadIdx.x % 32; c < classes; c += 32) {
        d[static_cast<size_t>(token) * classes + c] = (expf(row[c] - logs) - (c == label ? 1.0f : 0.0f)) / static_cast<float>(tokens);
    }
}
