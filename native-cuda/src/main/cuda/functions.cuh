// The functions of one and of two numbers (sirocco.api.UnaryFunction, BinaryFunction), by their ordinal. The branch is the same for all threads.
#pragma once

#include "elementwise.cuh"

namespace sirocco {

enum Unary : int {
    EXP, LOG, SQRT, RSQRT, SQUARE, RECIPROCAL, ABS, SIN, COS, TANH, SIGMOID, SOFTPLUS, ERF, RELU, SILU, GELU, GELU_TANH, GELU_QUICK, STEP
};

enum Binary : int { ADD, SUBTRACT, MULTIPLY, DIVIDE, MINIMUM, MAXIMUM };

constexpr float SQRT_2_OVER_PI = 0.79788456080286536f;
constexpr float SQRT_HALF = 0.70710678118654752f;
constexpr float GELU_CUBIC = 0.044715f;
constexpr float GELU_QUICK_SCALE = 1.702f;

/** The standard normal distribution function. */
__device__ __forceinline__ float normal_cdf(float x) { return 0.5f * erfcf(-x * SQRT_HALF); }

__device__ __forceinline__ float apply(int function, float x) {
    switch (function) {
        case EXP: return expf(x);
        case LOG: return logf(x);
        case SQRT: return sqrtf(x);
        case RSQRT: return 1.0f / sqrtf(x);
        case SQUARE: return x * x;
        case RECIPROCAL: return 1.0f / x;
        case ABS: return fabsf(x);
        case SIN: return sinf(x);
        case COS: return cosf(x);
        case TANH: return tanhf(x);
        case SIGMOID: return sigmoid(x);
        case SOFTPLUS: return fmaxf(x, 0.0f) + log1pf(expf(-fabsf(x)));
        case ERF: return erff(x);
        case RELU: return x > 0.0f || x != x ? x : 0.0f;
        case SILU: return x * sigmoid(x);
        case GELU: return x * normal_cdf(x);
        case GELU_TANH: return 0.5f * x * (1.0f + tanhf(SQRT_2_OVER_PI * (x + GELU_CUBIC * x * x * x)));
        case GELU_QUICK: return x * sigmoid(GELU_QUICK_SCALE * x);
        default: return x >= 0.0f ? 1.0f : 0.0f;
    }
}

/** The derivative. */
__device__ __forceinline__ float slope(int function, float x) {
    switch (function) {
        case EXP: return expf(x);
        case LOG: return 1.0f / x;
        case SQRT: return 0.5f / sqrtf(x);
        case RSQRT: return -0.5f / (x * sqrtf(x));
        case SQUARE: return 2.0f * x;
        case RECIPROCAL: return -1.0f / (x * x);
        case ABS: return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x;
        case SIN: return cosf(x);
        case COS: return -sinf(x);
        case TANH: {
            float t = tanhf(x);
            return (1.0f - t) * (1.0f + t);
        }
        case SIGMOID: return sigmoid(x) * sigmoid(-x);
        case SOFTPLUS: return sigmoid(x);
        case ERF: return 1.1283791670955126f * expf(-x * x);
        case RELU: return x > 0.0f ? 1.0f : 0.0f;
        case SILU: return sigmoid(x) * (1.0f + x * sigmoid(-x));
        case GELU: return normal_cdf(x) + x * 0.39894228040143268f * expf(-0.5f * x * x);
        case GELU_TANH: {
            float t = tanhf(SQRT_2_OVER_PI * (x + GELU_CUBIC * x * x * x));
            return 0.5f * (1.0f + t) + 0.5f * x * (1.0f - t) * (1.0f + t) * SQRT_2_OVER_PI * (1.0f + 3.0f * GELU_CUBIC * x * x);
        }
        case GELU_QUICK: return sigmoid(GELU_QUICK_SCALE * x) * (1.0f + GELU_QUICK_SCALE * x * sigmoid(-GELU_QUICK_SCALE * x));
        default: return 0.0f;
    }
}

__device__ __forceinline__ float apply(int function, float a, float b) {
    switch (function) {
        case ADD: return a + b;
        case SUBTRACT: return a - b;
        case MULTIPLY: return a * b;
        case DIVIDE: return a / b;
        case MINIMUM: return a != a || b != b ? a + b : fminf(a, b);
        default: return a != a || b != b ? a + b : fmaxf(a, b);
    }
}

}  // namespace sirocco
