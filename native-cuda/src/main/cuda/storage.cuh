// Storage types: float and bf16 (the upper half of a float32). Arithmetic is in float; these load, store and round.
#pragma once

namespace sirocco {

struct alignas(2) bf16 { unsigned short bits; };

__device__ __forceinline__ float to_float(float x) { return x; }
__device__ __forceinline__ float to_float(bf16 x) { return __uint_as_float(static_cast<unsigned>(x.bits) << 16); }

/** Two bf16 of a register, the first in the low half. */
__device__ __forceinline__ float low_float(unsigned pair) { return __uint_as_float(pair << 16); }
__device__ __forceinline__ float high_float(unsigned pair) { return __uint_as_float(pair & 0xffff0000u); }

/** Rounds to the nearest, ties to even; NaN stays NaN. */
template <typename T> __device__ __forceinline__ T from_float(float x);
template <> __device__ __forceinline__ float from_float<float>(float x) { return x; }
template <> __device__ __forceinline__ bf16 from_float<bf16>(float x) { return bf16{static_cast<unsigned short>(ptx::pack_bf16(x, 0.0f))}; }

/** What storage in T leaves of a float. */
template <typename T> __device__ __forceinline__ float rounded(float x) { return to_float(from_float<T>(x)); }

/** N numbers that are loaded and stored at once: 16 bytes if N is vector_width<T>. Their address must be a multiple of their size. */
template <typename T, int N> struct alignas(sizeof(T) * N > 16 ? 16 : sizeof(T) * N) Pack {
    T at[N];
};

/** Elements in 16 bytes: 4 of float, 8 of bf16. */
template <typename T> constexpr int vector_width = 16 / static_cast<int>(sizeof(T));

template <int N> __device__ __forceinline__ void load(float (&to)[N], const float* from) {
    static_assert(N == 1 || N == 2 || N % 4 == 0, "1, 2 or a multiple of 4 floats");
    if constexpr (N == 1) {
        to[0] = *from;
    } else if constexpr (N == 2) {
        float2 v = *reinterpret_cast<const float2*>(from);
        to[0] = v.x, to[1] = v.y;
    } else {
#pragma unroll
        for (int i = 0; i < N; i += 4) {
            float4 v = *reinterpret_cast<const float4*>(from + i);
            to[i] = v.x, to[i + 1] = v.y, to[i + 2] = v.z, to[i + 3] = v.w;
        }
    }
}

template <int N> __device__ __forceinline__ void load(float (&to)[N], const bf16* from) {
    static_assert(N == 1 || N == 2 || N == 4 || N % 8 == 0, "1, 2, 4 or a multiple of 8 bf16");
    if constexpr (N == 1) {
        to[0] = to_float(*from);
    } else if constexpr (N == 2) {
        unsigned v = *reinterpret_cast<const unsigned*>(from);
        to[0] = low_float(v), to[1] = high_float(v);
    } else if constexpr (N == 4) {
        uint2 v = *reinterpret_cast<const uint2*>(from);
        to[0] = low_float(v.x), to[1] = high_float(v.x), to[2] = low_float(v.y), to[3] = high_float(v.y);
    } else {
#pragma unroll
        for (int i = 0; i < N; i += 8) {
            uint4 v = *reinterpret_cast<const uint4*>(from + i);
            to[i] = low_float(v.x), to[i + 1] = high_float(v.x), to[i + 2] = low_float(v.y), to[i + 3] = high_float(v.y);
            to[i + 4] = low_float(v.z), to[i + 5] = high_float(v.z), to[i + 6] = low_float(v.w), to[i + 7] = high_float(v.w);
        }
    }
}

template <int N> __device__ __forceinline__ void store(float* to, const float (&from)[N]) {
    static_assert(N == 1 || N == 2 || N % 4 == 0, "1, 2 or a multiple of 4 floats");
    if constexpr (N == 1) {
        *to = from[0];
    } else if constexpr (N == 2) {
        *reinterpret_cast<float2*>(to) = make_float2(from[0], from[1]);
    } else {
#pragma unroll
        for (int i = 0; i < N; i += 4) {
            *reinterpret_cast<float4*>(to + i) = make_float4(from[i], from[i + 1], from[i + 2], from[i + 3]);
        }
    }
}

template <int N> __device__ __forceinline__ void store(bf16* to, const float (&from)[N]) {
    static_assert(N == 1 || N == 2 || N == 4 || N % 8 == 0, "1, 2, 4 or a multiple of 8 bf16");
    if constexpr (N == 1) {
        *to = from_float<bf16>(from[0]);
    } else if constexpr (N == 2) {
        *reinterpret_cast<unsigned*>(to) = ptx::pack_bf16(from[0], from[1]);
    } else if constexpr (N == 4) {
        *reinterpret_cast<uint2*>(to) = make_uint2(ptx::pack_bf16(from[0], from[1]), ptx::pack_bf16(from[2], from[3]));
    } else {
#pragma unroll
        for (int i = 0; i < N; i += 8) {
            *reinterpret_cast<uint4*>(to + i) = make_uint4(ptx::pack_bf16(from[i], from[i + 1]), ptx::pack_bf16(from[i + 2], from[i + 3]),
                    ptx::pack_bf16(from[i + 4], from[i + 5]), ptx::pack_bf16(from[i + 6], from[i + 7]));
        }
    }
}

}  // namespace sirocco
