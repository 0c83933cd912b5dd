// Hopper's own instructions, given their meaning in C++: barriers in shared memory that count bytes too (mbarrier), copies of boxes of tensors
// (TMA), and products of a warpgroup (wgmma). Both kinds of work are asynchronous, and are done as late as the rules of PTX allow; until then their
// destinations hold NaNs.
#pragma once

#include "block.hpp"

namespace emulated {

/** Addresses of shared memory as descriptors and instructions have them: bytes from the start of the block's room. */
std::uint32_t shared_address(const void* at);
void* shared_pointer(std::uint32_t address);

/** Makes a barrier of 8 bytes for so many arrivals a phase. Copies may use it only after fence_mbarrier_init. */
void init_mbarrier(void* at, unsigned arrivals, Place place);
void fence_mbarrier_init();
/** Arrives, after adding to the bytes that the phase waits for. */
void arrive_mbarrier(void* at, unsigned bytes, const char* what, Place place);
/** Waits until the phase of this parity is over; the one before the first is, and its parity is 1. */
void wait_mbarrier(void* at, unsigned parity, Place place);

/**
 * Starts the copy of a box of a tensor to shared memory; zeros stand for what is outside the tensor.
 *
 * @param map as cuTensorMapEncodeTiled has written it
 * @param mbarrier is told the box's bytes when they have arrived
 * @param coordinates of the box's first element, innermost first; one for each dimension
 */
void copy_box(void* to, const void* map, void* mbarrier, const int* coordinates, int rank, Place place);

/** Completes one copy that is under way, by chance; false if there is none, or nobody waits for any. */
bool complete_a_transfer(Block& block);

/** What a phase still waits for, for error messages. */
std::string describe_mbarrier(const Block& block, const void* at);

/** Registers may be given to products from here on. */
void wgmma_fence();
void wgmma_commit();
/** Waits until at most the newest groups of products are under way. */
void wgmma_wait(unsigned newest, Place place);
/**
 * Starts D [64, n] += A [64, 16] · B [16, n] in bf16 with float32 sums, by the 128 threads of a warpgroup.
 *
 * @param d this thread's n / 2 sums
 * @param a matrix descriptor
 * @param accumulate false for D = A · B
 * @param outerA whether A lies along its rows' index instead of the depth; outerB likewise
 */
void wgmma(float* d, int n, std::uint64_t a, std::uint64_t b, bool accumulate, bool outerA, bool outerB, Place place);

/** At the end of a thread: nothing may be under way. */
void end_of_products(Thread& self);
/** At the end of a block. A message, or empty. */
std::string transfers_left(const Block& block);

}  // namespace emulated
