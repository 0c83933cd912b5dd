// Clipping by global norm, Adam (Kingma & Ba 2015) or AdamW (Loshchilov & Hutter 2019), and the moving average of the weights, over all
// parameters in one launch: a thread block for each chunk, found in a table of pointers. Gradients are zeroed. Where the norm is not finite
// nothing but that happens. hyper = (lr, beta1, beta2, eps, weight decay, EMA decay, clip norm, 1 − beta1^t, 1 − beta2^t, …).
// Traffic: reads 5, writes 5 tensors of float32, 16 bytes a thread. About 20 operations (a root, a division) for 40 bytes: bound by memory
// bandwidth.
#include "sirocco.cuh"

namespace sirocco::adam_ema {

struct Chunk {
    float *parameter, *gradient, *m, *v, *ema;
    long long elements;
};

struct Hyper {
    float lr, beta1, beta2, eps, decay, emaDecay, clip, correction1, correction2;  // the corrections inverted
};

__device__ __forceinline__ void update(const Hyper& h, float& p, float g, float& m, float& v, float& ema) {
    g *= h.clip;
    m = h.beta1 * m + (1.0f - h.beta1) * g;
    v = h.beta2 * v + (1.0f - h.beta2) * g * g;
    p = p * (1.0f - h.lr * h.decay) - h.lr * (m * h.correction1) / (sqrtf(v * h.correction2) + h.eps);
    ema = h.emaDecay * ema + (1.0f - h.emaDecay) * p;
}

/** N elements from i on. */
template <int N> __device__ __forceinline__ void update(const Hyper& h, const Chunk& c, int i, bool finite) {
    float zero[N] = {};
    if (finite) {
        float p[N], g[N], m[N], v[N], ema[N];
        load(p, c.parameter + i);
        load(g, c.gradient + i);
        load(m, c.m + i);
        load(v, c.v + i);
        load(ema, c.ema + i);
#pragma unroll
        for (int e = 0; e < N; e++) {
            update(h, p[e], g[e], m[e], v[e], ema[e]);
        }
        store(c.parameter + i, p);
        store(c.m + i, m);
        store(c.v + i, v);
        store(c.ema + i, ema);
    }
    store(c.gradient + i, zero);
}

}  // namespace sirocco::adam_ema

SIROCCO_KERNEL(256, 3) void adam_ema(const sirocco::adam_ema::Chunk* table, const float* norm, const float* hyper) {
    sirocco::take_turn();
    using namespace sirocco::adam_ema;
    Chunk chunk = table[blockIdx.x];
    int n = static_cast<int>(chunk.elements);
    Hyper h = {hyper[0], hyper[1], hyper[2], hyper[3], hyper[4], hyper[5], hyper[6], 1.0f / hyper[7], 1.0f / hyper[8]};
    bool finite = isfinite(*norm);
    h.clip = h.clip > 0.0f ? fminf(1.0f, h.clip / (*norm + 1e-6f)) : 1.0f;
    for (int i = 4 * threadIdx.x; i < n; i += 4 * blockDim.x) {
        if (i + 4 <= n) {
            update<4>(h, chunk, i, finite);
        } else {
            for (int j = i; j < n; j++) {
                update<1>(h, chunk, j, finite);
            }
        }
    }
}
