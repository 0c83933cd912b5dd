// Warp shuffles, votes, barriers and tensor-core operations, given their meaning in C++.
#pragma once

#include "block.hpp"

namespace emulated {

/** A collective whose arguments are a struct A with a member act(A** lanes). */
template <typename A>
void together(unsigned mask, A& mine, const char* what, Place place) {
    collective(mask, &mine, [](void** lanes) { A::act(reinterpret_cast<A**>(lanes)); }, what, place);
}

template <typename T>
struct ShuffleArguments {
    T value;
    unsigned from;  // the lane that is read
    T result;

    static void act(ShuffleArguments** lanes) {
        for (int lane = 0; lane < 32; lane++) {
            if (lanes[lane] != nullptr) {
                // Reading a lane outside the mask gives an undefined value: here its bits are ones, a NaN.
                ShuffleArguments* source = lanes[lanes[lane]->from];
                if (source != nullptr) {
                    lanes[lane]->result = source->value;
                } else {
                    memset(&lanes[lane]->result, 0xff, sizeof(T));
                }
            }
        }
    }
};

template <typename T>
T shuffle(unsigned mask, T value, unsigned from, const char* what, Place place) {
    static_assert(sizeof(T) == 4 || sizeof(T) == 8, "shuffles move 4 or 8 bytes");
    ShuffleArguments<T> mine{value, from, value};
    together(mask, mine, what, place);
    return mine.result;
}

struct VoteArguments {
    bool predicate;
    unsigned ballot;

    static void act(VoteArguments** lanes) {
        unsigned ballot = 0;
        for (int lane = 0; lane < 32; lane++) {
            ballot |= lanes[lane] != nullptr && lanes[lane]->predicate ? 1u << lane : 0;
        }
        for (int lane = 0; lane < 32; lane++) {
            if (lanes[lane] != nullptr) {
                lanes[lane]->ballot = ballot;
            }
        }
    }
};

inline unsigned ballot(unsigned mask, bool predicate, const char* what, Place place) {
    VoteArguments mine{predicate, 0};
    together(mask, mine, what, place);
    return mine.ballot;
}

/** A barrier of the mask's lanes; the only operation of a warp that orders their accesses to memory. */
void sync_warp(unsigned mask, Place place);

/** Rows of 8 × 8 matrices of 16-bit numbers from shared memory to registers; matrices is 1, 2 or 4. */
void load_matrices(unsigned* registers, const void* row, int matrices, bool transposed, Place place);

/** D (16 × 8) += A (16 × 16, row-major fragments) · B (16 × 8, column-major fragments), bf16 products, float32 sums. */
void mma_bf16(float* d, const unsigned* a, const unsigned* b, Place place);

/** D (16 × 8) += A (16 × 8) · B (8 × 8) in TF32: the operands' low 13 bits are ignored, as the hardware does. */
void mma_tf32(float* d, const unsigned* a, const unsigned* b, Place place);

}  // namespace emulated

constexpr int warpSize = 32;

template <typename T>
T __shfl_sync(unsigned mask, T value, int lane, int width = 32, emulated::Place place = emulated::Place::current()) {
    unsigned self = emulated::here().lane();
    return emulated::shuffle(mask, value, (self & ~(width - 1u)) + (static_cast<unsigned>(lane) & (width - 1u)), "__shfl_sync", place);
}

template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32, emulated::Place place = emulated::Place::current()) {
    unsigned self = emulated::here().lane();
    unsigned from = self ^ static_cast<unsigned>(lanes);
    return emulated::shuffle(mask, value, from / width > self / width ? self : from, "__shfl_xor_sync", place);
}

template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned lanes, int width = 32, emulated::Place place = emulated::Place::current()) {
    unsigned self = emulated::here().lane();
    return emulated::shuffle(mask, value, self % width + lanes < static_cast<unsigned>(width) ? self + lanes : self, "__shfl_down_sync", place);
}

template <typename T>
T __shfl_up_sync(unsigned mask, T value, unsigned lanes, int width = 32, emulated::Place place = emulated::Place::current()) {
    unsigned self = emulated::here().lane();
    return emulated::shuffle(mask, value, self % width >= lanes ? self - lanes : self, "__shfl_up_sync", place);
}

inline unsigned __ballot_sync(unsigned mask, int predicate, emulated::Place place = emulated::Place::current()) {
    return emulated::ballot(mask, predicate != 0, "__ballot_sync", place);
}

inline int __any_sync(unsigned mask, int predicate, emulated::Place place = emulated::Place::current()) {
    return emulated::ballot(mask, predicate != 0, "__any_sync", place) != 0;
}

inline int __all_sync(unsigned mask, int predicate, emulated::Place place = emulated::Place::current()) {
    return emulated::ballot(mask, predicate != 0, "__all_sync", place) == mask;
}

inline void __syncwarp(unsigned mask = ~0u, emulated::Place place = emulated::Place::current()) {
    emulated::sync_warp(mask, place);
}

inline void __syncthreads(emulated::Place place = emulated::Place::current()) {
    emulated::barrier(0, 0, true, 0, "__syncthreads", place);
}

inline int __syncthreads_count(int predicate, emulated::Place place = emulated::Place::current()) {
    return emulated::barrier(0, 0, true, predicate, "__syncthreads_count", place);
}

inline int __syncthreads_or(int predicate, emulated::Place place = emulated::Place::current()) {
    return emulated::barrier(0, 0, true, predicate, "__syncthreads_or", place) != 0;
}

inline int __syncthreads_and(int predicate, emulated::Place place = emulated::Place::current()) {
    return emulated::barrier(0, 0, true, predicate, "__syncthreads_and", place) == static_cast<int>(emulated::here().block->threadCount);
}
