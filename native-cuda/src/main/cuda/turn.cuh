// Kernels that overlap at their ends ("programmatic dependent launch" in the CUDA Programming Guide, griddepcontrol in the PTX manual).
//
// Where the host allows it, a kernel's blocks are launched while the one before is still at work: as soon as every block of that one has said so, or
// has ended. What is saved is the time from the last block of a kernel to the first of the next, which counts where kernels are small. Nothing orders their
// memory but the wait, so every kernel begins with take_turn(). Before it stands only what no other kernel has a part in: parameters, shared memory.
//
// One wait is enough for all that came before. Let A, B, C follow each other. C waits until B has ended with all its threads; each of these had
// waited until A had ended; and so on to the first. So C reads what any kernel before it wrote, and may write where any before it reads: memory of
// the arena that is used again needs nothing more. This holds as long as no kernel that is launched so leaves the wait out.
#pragma once

namespace sirocco {

/** Waits for the kernel before, then lets blocks of the next one come, to wait in their turn. The first statement of every kernel; by every thread. */
__device__ __forceinline__ void take_turn() {
#ifdef SIROCCO_EMULATED
    ::emulated::take_turn();
#elif __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
    // Not earlier: blocks that wait hold registers and shared memory, so only one kernel's do.
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

}  // namespace sirocco
