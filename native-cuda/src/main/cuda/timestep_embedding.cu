// y [n, dim] = [sin(t·w_i), cos(t·w_i)], w_i = exp(−ln(maxPeriod) · i / (dim/2 − shift)); cosines first if flip; an odd dim ends in 0.
// Some thousand elements once a step: bound by the launch's latency, so the frequency is computed in double precision.
#include "sirocco.cuh"

namespace sirocco::timestep_embedding {

template <typename T> __device__ __forceinline__ void run(const float* t, int flip, float shift, float maxPeriod, int n, int dim, T* y) {
    int half = dim / 2;
    unsigned thread = blockIdx.x * blockDim.x + threadIdx.x;
    unsigned columns = (dim + 1) / 2;
    unsigned image = thread / columns;
    int i = static_cast<int>(thread % columns);
    if (image >= static_cast<unsigned>(n)) {
        return;
    }
    T* row = y + static_cast<size_t>(image) * dim;
    if (i == half) {
        row[dim - 1] = from_float<T>(0.0f);
        return;
    }
    float frequency = static_cast<float>(exp(-log(static_cast<double>(maxPeriod)) * i / (half - static_cast<double>(shift))));
    float angle = t[image] * frequency;
    row[flip ? half + i : i] = from_float<T>(sinf(angle));
    row[flip ? i : half + i] = from_float<T>(cosf(angle));
}

}  // namespace sirocco::timestep_embedding

#define KERNEL(T, name)                                                                                               \
    SIROCCO_KERNEL(256, 2) void name(const float* t, int flip, float shift, float maxPeriod, int n, int dim, T* y) {  \
        sirocco::take_turn();                                                                                         \
        sirocco::timestep_embedding::run(t, flip, shift, maxPeriod, n, dim, y);                                       \
    }

KERNEL(float, timestep_embedding_f32)
KERNEL(sirocco::bf16, timestep_embedding_bf16)
