// dTable row ids[i] += dy[i], in order of i. A thread for each channel goes over the images, so that no two meet in one element.
// Traffic: reads dy, updates at most as much of the table; once a step, small: bound by latency.
#include "step.cuh"

namespace sirocco::embedding_backward {

template <typename T>
__device__ __forceinline__ void run(const int* ids, const T* dy, int n, int rows, int dim, float* dTable, unsigned long long* fault, int step) {
    unsigned c = blockIdx.x * blockDim.x + threadIdx.x;
    if (c >= static_cast<unsigned>(dim)) {
        return;
    }
    for (int i = 0; i < n; i++) {
        int id = ids[i];
        if (id >= 0 && id < rows) {
            dTable[static_cast<size_t>(id) * dim + c] += to_float(dy[static_cast<size_t>(i) * dim + c]);
        } else if (c == 0) {
            report(fault, step, id);
        }
    }
}

}  // namespace sirocco::embedding_backward

#define KERNEL(T, name)                                                                                                               \
    SIROCCO_KERNEL(256, 4)                                                                                                            \
    void name(const int* ids, const T* dy, int n, int rows, int dim, float* dTable, unsigned long long* fault, int step) {            \
        sirocco::take_turn();                                                                                                         \
        sirocco::embedding_backward::run(ids, dy, n, rows, dim, dTable, fault, step);                                                 \
    }

KERNEL(float, embedding_backward_f32)
KERNEL(sirocco::bf16, embedding_backward_bf16)
