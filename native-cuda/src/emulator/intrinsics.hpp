// CUDA's arithmetic, conversion, cache-hint and atomic functions, for a host compiler. Approximate ones are computed accurately: what an
// approximation costs shows on a GPU only.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>

#include "block.hpp"
#include "codes.hpp"

using std::isfinite;
using std::isinf;
using std::isnan;

// As in CUDA: operands of different types meet in the larger one.
template <typename A, typename B>
inline std::common_type_t<A, B> min(A a, B b) {
    if constexpr (std::is_floating_point_v<std::common_type_t<A, B>>) {
        return std::fmin(a, b);
    } else {
        return static_cast<std::common_type_t<A, B>>(a) < static_cast<std::common_type_t<A, B>>(b) ? a : b;
    }
}

template <typename A, typename B>
inline std::common_type_t<A, B> max(A a, B b) {
    if constexpr (std::is_floating_point_v<std::common_type_t<A, B>>) {
        return std::fmax(a, b);
    } else {
        return static_cast<std::common_type_t<A, B>>(a) > static_cast<std::common_type_t<A, B>>(b) ? a : b;
    }
}

inline float __fadd_rn(float a, float b) { volatile float r = a + b; return r; }
inline float __fsub_rn(float a, float b) { volatile float r = a - b; return r; }
inline float __fmul_rn(float a, float b) { volatile float r = a * b; return r; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __fmaf_rn(float a, float b, float c) { return std::fma(a, b, c); }
inline float __frcp_rn(float a) { return 1.0f / a; }
inline float __fsqrt_rn(float a) { return std::sqrt(a); }
inline float __frsqrt_rn(float a) { return static_cast<float>(1.0 / std::sqrt(static_cast<double>(a))); }
inline float __fdividef(float a, float b) { return a / b; }
inline float __expf(float a) { return std::exp(a); }
inline float __exp10f(float a) { return static_cast<float>(std::pow(10.0, a)); }
inline float __logf(float a) { return std::log(a); }
inline float __log2f(float a) { return std::log2(a); }
inline float __sinf(float a) { return std::sin(a); }
inline float __cosf(float a) { return std::cos(a); }
inline float __powf(float a, float b) { return std::pow(a, b); }
inline float __saturatef(float a) { return std::fmin(std::fmax(a, 0.0f), 1.0f); }
inline float rsqrtf(float a) { return static_cast<float>(1.0 / std::sqrt(static_cast<double>(a))); }
inline double rsqrt(double a) { return 1.0 / std::sqrt(a); }
inline void sincospif(float a, float* sine, float* cosine) {
    double angle = M_PI * std::remainder(static_cast<double>(a), 2.0);
    *sine = static_cast<float>(std::sin(angle));
    *cosine = static_cast<float>(std::cos(angle));
}
inline void __sincosf(float a, float* sine, float* cosine) {
    *sine = std::sin(a);
    *cosine = std::cos(a);
}

inline float __uint_as_float(unsigned a) { return std::bit_cast<float>(a); }
inline float __int_as_float(int a) { return std::bit_cast<float>(a); }
inline unsigned __float_as_uint(float a) { return std::bit_cast<unsigned>(a); }
inline int __float_as_int(float a) { return std::bit_cast<int>(a); }
inline int __float2int_rn(float a) { return static_cast<int>(std::nearbyint(a)); }
inline int __float2int_rz(float a) { return static_cast<int>(a); }
inline int __float2int_rd(float a) { return static_cast<int>(std::floor(a)); }
inline int __float2int_ru(float a) { return static_cast<int>(std::ceil(a)); }
inline float __int2float_rn(int a) { return static_cast<float>(a); }
inline float __uint2float_rn(unsigned a) { return static_cast<float>(a); }

inline unsigned __umulhi(unsigned a, unsigned b) { return static_cast<unsigned>(static_cast<std::uint64_t>(a) * b >> 32); }
inline int __mulhi(int a, int b) { return static_cast<int>(static_cast<std::int64_t>(a) * b >> 32); }
inline int __popc(unsigned a) { return std::popcount(a); }
inline int __clz(int a) { return std::countl_zero(static_cast<unsigned>(a)); }
inline int __ffs(int a) { return a == 0 ? 0 : std::countr_zero(static_cast<unsigned>(a)) + 1; }
inline unsigned __brev(unsigned a) {
    unsigned r = 0;
    for (int bit = 0; bit < 32; bit++) {
        r |= (a >> bit & 1) << (31 - bit);
    }
    return r;
}
inline unsigned __byte_perm(unsigned a, unsigned b, unsigned selector) {
    std::uint64_t bytes = static_cast<std::uint64_t>(b) << 32 | a;
    unsigned r = 0;
    for (int i = 0; i < 4; i++) {
        r |= static_cast<unsigned>(bytes >> 8 * (selector >> 4 * i & 7) & 0xff) << 8 * i;
    }
    return r;
}

template <typename T> inline T __ldg(const T* at) { return *at; }
template <typename T> inline T __ldcs(const T* at) { return *at; }
template <typename T> inline T __ldcg(const T* at) { return *at; }
template <typename T> inline T __ldca(const T* at) { return *at; }
template <typename T> inline void __stcs(T* at, T value) { *at = value; }
template <typename T> inline void __stcg(T* at, T value) { *at = value; }

inline void __threadfence() { std::atomic_thread_fence(std::memory_order_seq_cst); }
inline void __threadfence_block() { std::atomic_thread_fence(std::memory_order_seq_cst); }
inline void __threadfence_system() { std::atomic_thread_fence(std::memory_order_seq_cst); }
inline void __trap() { emulated::fail(emulated::CODE_LAUNCH_FAILED, "__trap()"); }
inline void __nanosleep(unsigned) { }

// Blocks run on several threads of the host, so atomics are atomic.
template <typename T, typename V> inline T atomicAdd(T* at, V value) { return std::atomic_ref<T>(*at).fetch_add(static_cast<T>(value)); }
template <typename T, typename V> inline T atomicSub(T* at, V value) { return std::atomic_ref<T>(*at).fetch_sub(static_cast<T>(value)); }
template <typename T, typename V> inline T atomicOr(T* at, V value) { return std::atomic_ref<T>(*at).fetch_or(static_cast<T>(value)); }
template <typename T, typename V> inline T atomicAnd(T* at, V value) { return std::atomic_ref<T>(*at).fetch_and(static_cast<T>(value)); }
template <typename T, typename V> inline T atomicXor(T* at, V value) { return std::atomic_ref<T>(*at).fetch_xor(static_cast<T>(value)); }
template <typename T, typename V> inline T atomicExch(T* at, V value) { return std::atomic_ref<T>(*at).exchange(static_cast<T>(value)); }
template <typename T, typename V, typename W> inline T atomicCAS(T* at, V expected, W value) {
    T old = static_cast<T>(expected);
    std::atomic_ref<T>(*at).compare_exchange_strong(old, static_cast<T>(value));
    return old;
}
template <typename T, typename V> inline T atomicMax(T* at, V value) {
    std::atomic_ref<T> cell(*at);
    T old = cell.load();
    while (old < static_cast<T>(value) && !cell.compare_exchange_weak(old, static_cast<T>(value))) { }
    return old;
}
template <typename T, typename V> inline T atomicMin(T* at, V value) {
    std::atomic_ref<T> cell(*at);
    T old = cell.load();
    while (old > static_cast<T>(value) && !cell.compare_exchange_weak(old, static_cast<T>(value))) { }
    return old;
}
/** ((old ≥ limit) ? 0 : old + 1), which counts blocks and resets itself. */
inline unsigned atomicInc(unsigned* at, unsigned limit) {
    std::atomic_ref<unsigned> cell(*at);
    unsigned old = cell.load();
    while (!cell.compare_exchange_weak(old, old >= limit ? 0 : old + 1)) { }
    return old;
}

/** Sets what a graph's conditional node looks at. */
void cudaGraphSetConditional(unsigned long long handle, unsigned value);
