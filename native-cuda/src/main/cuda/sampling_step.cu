// A step of any sampler that is a table of coefficients, in one pass. Row `cursor` is (t, kx, ko, clip, cx, c0, co, c1, c2, sigma, …):
//   x0 = clamp(kx·x + ko·out, −clip, clip);  x ← cx·x + c0·x0 + co·out + c1·h1 + c2·h2 + sigma·z;  h2 ← h1, h1 ← x0
// with z from stream SAMPLING; h1 and h2 may be null. Grid: (elements, images). A thread draws one Philox block, 4 elements that lie 16 apart.
// The cursor moves in a launch of its own, when every block has read it.
// Traffic: reads x and out, writes x (with a history: reads 2 more, writes 2 more) of a tensor of 3 channels. About 60 instructions an
// element: near the balance of memory and instructions; at small batches bound by the launch's latency.
#include "step.cuh"

namespace sirocco::sampling_step {

template <typename T>
__device__ __forceinline__ void run(const T* out, const float* table, int rows, const int* rng, const int* index, float* x, float* h1, float* h2,
                                    const int* cursor, int elements) {
    unsigned block = noise_block();
    int at = *cursor;
    if (at < 0 || at >= rows || noise_element(block, 0) >= static_cast<unsigned>(elements)) {
        return;
    }
    const float* row = table + 12 * at;
    float kx = row[1], ko = row[2], clip = row[3], cx = row[4], c0 = row[5], co = row[6], c1 = row[7], c2 = row[8], sigma = row[9];
    Rng key(rng);
    float4 noise = normals(philox(key.seed, block, index[blockIdx.y], at, STREAM_SAMPLING));
    float z[4] = {noise.x, noise.y, noise.z, noise.w};
    size_t image = static_cast<size_t>(blockIdx.y) * elements;
#pragma unroll
    for (int w = 0; w < 4; w++) {
        unsigned e = noise_element(block, w);
        if (e < static_cast<unsigned>(elements)) {
            size_t i = image + e;
            float xi = x[i];
            float oi = to_float(out[i]);
            float x0 = kx * xi + ko * oi;
            x0 = x0 < -clip ? -clip : x0 > clip ? clip : x0;  // a NaN stays one
            float next = cx * xi + c0 * x0 + co * oi + sigma * z[w];
            if (h1 != nullptr) {
                float previous = h1[i];
                next += c1 * previous + c2 * h2[i];
                h2[i] = previous;
                h1[i] = x0;
            }
            x[i] = next;
        }
    }
}

}  // namespace sirocco::sampling_step

#define KERNEL(T, name)                                                                                                                      \
    SIROCCO_KERNEL(256, 4)                                                                                                                   \
    void name(const T* out, const float* table, int rows, const int* rng, const int* index, float* x, float* h1, float* h2, const int* cursor, \
              int elements) {                                                                                                                \
        sirocco::take_turn();                                                                                                                \
        sirocco::sampling_step::run(out, table, rows, rng, index, x, h1, h2, cursor, elements);                                              \
    }

KERNEL(float, sampling_step_f32)
KERNEL(sirocco::bf16, sampling_step_bf16)

SIROCCO_KERNEL(256, 1) void advance_cursor(int* cursor, int rows, unsigned long long* fault, int step) {
    sirocco::take_turn();
    if (blockIdx.x == 0 && threadIdx.x == 0) {
        int row = *cursor;
        if (row < 0 || row >= rows) {
            sirocco::report(fault, step, row);
        } else {
            *cursor = row + 1;
        }
    }
}
