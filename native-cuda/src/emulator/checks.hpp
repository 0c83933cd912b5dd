// Checks of single memory accesses. Kernels are compiled with -fsanitize=thread, which puts a call before each access; checks.cpp is what is
// called, in place of the sanitizer's own library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "block.hpp"
#include "launch.hpp"

namespace emulated {

/** What is known of the last accesses to two bytes of shared memory. Epochs tell what lies before a barrier. */
struct Shadow {
    std::uint32_t writeEpoch, readEpoch;
    std::uint32_t writeWarpEpoch, readWarpEpoch;
    std::uint16_t writer, reader;
    bool severalLanes, severalWarps;  // of readers in readEpoch
};

/** What the block of one host thread may touch. */
struct Watch {
    Range stacks;
    Range threads;
    Range block;
    Range shared;  // all of the host thread's room, with guards
    const std::vector<Range>* global = nullptr;
    bool operands;  // what global is: the launch's operands, or all allocations
    bool overlaps;  // the launch: only threads that have waited for the kernel before may touch global memory
    Range last;     // of global, the last that was touched
    Range lastShared, lastSharedButOne;  // declarations' shared memory that was touched last
    std::vector<Shadow> shadow;
    std::uint32_t warpEpochs[32] = {};  // of each warp, grows at each __syncwarp
    /** Grows at each block and each barrier. */
    std::uint32_t epoch = 1;
};

/** Whether kernels are compiled with the calls; where they are not, guard zones and the order of threads have to do. */
extern const bool CHECKED;

extern thread_local Watch watch;

/** Notes an access to shared memory that the runtime makes for the running thread, as by cp.async and ldmatrix. */
void note_shared(const void* at, std::size_t bytes, bool write);

/** Fails unless the running thread may read [at, at + bytes) of global memory. */
void check_global(const void* at, std::size_t bytes);

/** The same in every build, for what a copy may read later. */
void check_global_range(std::uintptr_t at, std::size_t bytes);

/** Fails at the end of a thread that has never waited for the kernel before, where it had to. */
void end_of_turn(const Thread& self);

}  // namespace emulated
