// y_j = Σ_k C[row, j, k] · x_k, terms in the order of k; row one for all images or one for each. `pointers` has the inputs, then the outputs. Grid: (elements,
// images). A row that is none is reported, and the outputs are zero.
// Traffic: reads K, writes J tensors in float32: bound by memory bandwidth.
#include "step.cuh"

SIROCCO_KERNEL(256, 4)
void combine_f32(float* const* pointers, int inputs, int outputs, const float* table, int rows, const int* row, int rowOfEach, int elements,
                 unsigned long long* fault, int step) {
    sirocco::take_turn();
    constexpr int MOST = 8;
    int r = row[rowOfEach ? blockIdx.y : 0];
    bool known = r >= 0 && r < rows;
    if (!known && blockIdx.x == 0 && threadIdx.x == 0) {
        sirocco::report(fault, step, r);
    }
    int e = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (e >= elements) {
        return;
    }
    size_t i = static_cast<size_t>(blockIdx.y) * elements + e;
    float x[MOST];
#pragma unroll
    for (int k = 0; k < MOST; k++) {
        x[k] = k < inputs ? pointers[k][i] : 0.0f;
    }
    const float* c = table + static_cast<size_t>(known ? r : 0) * outputs * inputs;
    for (int j = 0; j < outputs; j++) {
        float sum = 0.0f;
#pragma unroll
        for (int k = 0; k < MOST; k++) {
            if (k < inputs) {
                sum += c[j * inputs + k] * x[k];
            }
        }
        pointers[inputs + j][i] = known ? sum : 0.0f;
    }
}
