// Fibres: call stacks that a thread of the host leaves and enters again. The threads of an emulated block are fibres of one host thread.
#pragma once

#include <cstddef>

namespace emulated {

/**
 * Prepares a stack so that the first switch to the result calls entry, which must never return.
 *
 * @param stack lowest address of the stack
 * @return what switch_fibre takes as its second argument
 */
void* make_fibre(void* stack, std::size_t bytes, void (*entry)());

/** Leaves the running fibre, whose state goes to *left, and enters another. Returns when something switches back. */
extern "C" void emulated_switch_fibre(void** left, void* entered);

}  // namespace emulated
