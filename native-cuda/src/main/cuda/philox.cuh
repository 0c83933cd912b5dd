// Noise: Philox-4x32-10, addressed and turned into numbers as sirocco.api.Philox defines. Words are the CPU's; normals are to rounding.
#pragma once

namespace sirocco {

/** Streams, the counter's last word. */
enum Stream : unsigned { STREAM_INITIAL = 0, STREAM_TRAIN = 1, STREAM_NOISE = 2, STREAM_SAMPLING = 3, STREAM_WEIGHTS = 4, STREAM_DROPOUT = 1 << 16 };

/** Elements that a group of 16 blocks fills: element e of a sample has word e % 64 / 16 of block 16 · (e / 64) + e % 16. */
constexpr unsigned PHILOX_GROUP = 64;

/** The four words of a counter: block in the sample, sample index, step, stream. */
__device__ __forceinline__ uint4 philox(unsigned long long seed, unsigned block, unsigned index, unsigned step, unsigned stream) {
    unsigned k0 = static_cast<unsigned>(seed);
    unsigned k1 = static_cast<unsigned>(seed >> 32);
    unsigned c0 = block, c1 = index, c2 = step, c3 = stream;
#pragma unroll
    for (int round = 0; round < 10; round++) {
        unsigned high0 = __umulhi(0xD2511F53u, c0);
        unsigned high1 = __umulhi(0xCD9E8D57u, c2);
        unsigned low0 = 0xD2511F53u * c0;
        unsigned low1 = 0xCD9E8D57u * c2;
        c0 = high1 ^ c1 ^ k0;
        c1 = low1;
        c2 = high0 ^ c3 ^ k1;
        c3 = low0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return make_uint4(c0, c1, c2, c3);
}

/** In [0,1), a multiple of 2^-24. */
__device__ __forceinline__ float uniform(unsigned word) { return static_cast<float>(word >> 8) * 0x1p-24f; }

/** Box and Muller: two standard normals from a pair of words, the first for the element of the first word. */
__device__ __forceinline__ float2 normals(unsigned w0, unsigned w1) {
    float radius = sqrtf(-2.0f * logf(static_cast<float>((w0 >> 8) + 1) * 0x1p-24f));
    float sine, cosine;
    sincospif(static_cast<float>(static_cast<int>(w1) >> 8) * 0x1p-23f, &sine, &cosine);
    return make_float2(radius * cosine, radius * sine);
}

/** The four normals of a block: of elements r, r + 16, r + 32 and r + 48 of its group, r = block % 16. */
__device__ __forceinline__ float4 normals(uint4 words) {
    float2 a = normals(words.x, words.y);
    float2 b = normals(words.z, words.w);
    return make_float4(a.x, a.y, b.x, b.y);
}

/** The word of one element of a sample; a thread that needs a block's four elements calls philox once instead. */
__device__ __forceinline__ unsigned philox_word(unsigned long long seed, unsigned index, unsigned step, unsigned stream, unsigned element) {
    uint4 words = philox(seed, element / PHILOX_GROUP * 16 + element % 16, index, step, stream);
    unsigned word = element % PHILOX_GROUP / 16;
    return word == 0 ? words.x : word == 1 ? words.y : word == 2 ? words.z : words.w;
}

/** The normal number of one element of a sample. */
__device__ __forceinline__ float philox_normal(unsigned long long seed, unsigned index, unsigned step, unsigned stream, unsigned element) {
    uint4 words = philox(seed, element / PHILOX_GROUP * 16 + element % 16, index, step, stream);
    unsigned word = element % PHILOX_GROUP / 16;
    float2 pair = word < 2 ? normals(words.x, words.y) : normals(words.z, words.w);
    return word % 2 == 0 ? pair.x : pair.y;
}

}  // namespace sirocco
