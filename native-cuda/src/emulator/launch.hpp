// Kernels by name, and running them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "types.hpp"

namespace emulated {

struct Kernel {
    std::string name;
    int maxThreads;
    int minBlocks;
    std::vector<std::size_t> parameterBytes;
    /** Calls the kernel with copies of what parameters[0], parameters[1], … point to. */
    void (*call)(void* const* parameters);
    int dynamicSharedLimit = 48 << 10;
    std::size_t staticShared = 0;  // known after the first launch
};

/** All kernels that were compiled in. */
std::vector<Kernel*>& kernels();

struct Range {
    std::uintptr_t at;
    std::size_t bytes;

    bool holds(std::uintptr_t p, std::size_t n) const { return p - at < bytes && p - at + n <= bytes; }
};

struct Launch {
    Kernel* kernel;
    dim3 grid, block;
    unsigned sharedBytes;
    /** The parameters' values, frozen when the launch was asked for. */
    std::vector<std::vector<unsigned char>> values;
    /** The global memory it may touch; empty if the caller has not told, which allows every allocation. */
    std::vector<Range> operands;
    /** Its blocks may run beside the kernel before, and wait for that one by themselves (programmatic dependent launch). */
    bool overlaps = false;
};

struct Outcome {
    int code = 0;
    std::string message;
};

/**
 * Runs all blocks of a launch, in a shuffled order, and returns when the last has ended or one has failed.
 *
 * @param global the global memory that it may touch
 */
Outcome run(const Launch& launch, const std::vector<Range>& global);

template <auto F> struct Registration;

template <typename... P, void (*F)(P...)>
struct Registration<F> {
    Registration(const char* name, int maxThreads, int minBlocks = 1) {
        kernels().push_back(new Kernel{name, maxThreads, minBlocks, {sizeof(P)...}, call});
    }

    // Outside the checks: parameters are the runtime's memory.
    __attribute__((no_sanitize("thread"))) static void call(void* const* parameters) { invoke(parameters, std::index_sequence_for<P...>{}); }

    template <std::size_t... I>
    __attribute__((no_sanitize("thread"))) static void invoke(void* const* parameters, std::index_sequence<I...>) {
        F(value<P>(parameters[I])...);
    }

    /** The bytes of a parameter are kept at no particular alignment. */
    template <typename T> __attribute__((no_sanitize("thread"))) static T value(const void* bytes) {
        T v;
        memcpy(&v, bytes, sizeof v);
        return v;
    }
};

}  // namespace emulated
