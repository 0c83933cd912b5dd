// y [n, dim] = row ids[i] of the table [rows, dim]. A thread block for each image. An id that is no row is reported, and its row of y is zero.
// A few hundred numbers an image: bound by the launch's latency.
#include "step.cuh"

namespace sirocco::embedding {

template <typename T>
__device__ __forceinline__ void run(const int* ids, const float* table, int rows, int dim, T* y, unsigned long long* fault, int step) {
    int id = ids[blockIdx.x];
    bool known = id >= 0 && id < rows;
    if (!known && threadIdx.x == 0) {
        report(fault, step, id);
    }
    for (int c = threadIdx.x; c < dim; c += blockDim.x) {
        y[static_cast<size_t>(blockIdx.x) * dim + c] = from_float<T>(known ? table[static_cast<size_t>(id) * dim + c] : 0.0f);
    }
}

}  // namespace sirocco::embedding

#define KERNEL(T, name)                                                                                                             \
    SIROCCO_KERNEL(256, 4) void name(const int* ids, const float* table, int rows, int dim, T* y, unsigned long long* fault, int step) { \
        sirocco::take_turn();                                                                                                            \
        sirocco::embedding::run(ids, table, rows, dim, y, fault, step);                                                             \
    }

KERNEL(float, embedding_f32)
KERNEL(sirocco::bf16, embedding_bf16)
