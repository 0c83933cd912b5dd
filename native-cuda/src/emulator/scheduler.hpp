// What the scheduler offers to the threads of a block.
#pragma once

#include "block.hpp"

namespace emulated {

/** Takes a thread that can go on, by chance; if there is none, copies complete until there is. Null if there are none either. */
Thread* take_ready(Block& block);

/** A number below n, by chance. */
unsigned random_below(Block& block, unsigned n);

/** Gives a declaration its place in the block's static shared memory, filled with NaNs. */
void* add_static_shared(Block& block, const void* declaration, std::size_t bytes, std::size_t alignment);

/** What a thread does now, with its index, for error messages. */
std::string describe(const Thread& thread);

std::string triple(const uint3& index);

}  // namespace emulated
