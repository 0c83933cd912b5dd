// Hopper's copies of boxes of a tensor (TMA, "bulk tensor copies" in the PTX manual) and the barriers in shared memory that tell when they have come
// (mbarrier): functions as in ptx.cuh. One thread starts a copy of tens of kilobytes; nobody computes addresses.
#pragma once

#include "sirocco.cuh"

namespace sirocco {

/** A CUtensorMap: a tensor, and the size of the boxes that are taken from it. A kernel's parameter, const __grid_constant__. */
struct alignas(64) TensorMap {
    unsigned char opaque[128];
};

/** An mbarrier: 8 bytes of shared memory. */
using Mbarrier = unsigned long long;

namespace ptx {

/** By one thread, before fence_mbarrier_init and a barrier of all. A phase of the barrier is over after so many arrivals, and all bytes that were announced. */
__device__ __forceinline__ void mbarrier_init(Mbarrier* at, unsigned arrivals SIROCCO_PLACE) {
#ifdef SIROCCO_EMULATED
    ::emulated::init_mbarrier(at, arrivals, place);
#else
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(at)), "r"(arrivals) : "memory");
#endif
}

/** Makes barriers that this thread has initialised visible to copies. */
__device__ __forceinline__ void fence_mbarrier_init() {
#ifdef SIROCCO_EMULATED
    ::emulated::fence_mbarrier_init();
#else
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
#endif
}

__device__ __forceinline__ void mbarrier_arrive(Mbarrier* at SIROCCO_PLACE) {
#ifdef SIROCCO_EMULATED
    ::emulated::arrive_mbarrier(at, 0, "mbarrier.arrive", place);
#else
    asm volatile("mbarrier.arrive.release.cta.shared::cta.b64 _, [%0];" ::"r"(shared_address(at)) : "memory");
#endif
}

/** Arrives, and announces bytes that copies will bring. */
__device__ __forceinline__ void mbarrier_arrive_expect(Mbarrier* at, unsigned bytes SIROCCO_PLACE) {
#ifdef SIROCCO_EMULATED
    ::emulated::arrive_mbarrier(at, bytes, "mbarrier.arrive.expect_tx", place);
#else
    asm volatile("mbarrier.arrive.expect_tx.release.cta.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(at)), "r"(bytes) : "memory");
#endif
}

/** Waits until the phase of this parity is over. Phases count from 0; the one before the first, of parity 1, is over. */
__device__ __forceinline__ void mbarrier_wait(Mbarrier* at, unsigned parity SIROCCO_PLACE) {
#ifdef SIROCCO_EMULATED
    ::emulated::wait_mbarrier(at, parity, place);
#else
    unsigned over = 0;
    while (over == 0) {
        asm volatile("{\n.reg .pred over;\nmbarrier.try_wait.parity.acquire.cta.shared::cta.b64 over, [%1], %2;\nselp.u32 %0, 1, 0, over;\n}"
                     : "=r"(over) : "r"(shared_address(at)), "r"(parity) : "memory");
    }
#endif
}

/**
 * Starts the copy of a box to shared memory, at a multiple of 128 bytes, of 1024 if it is swizzled. The barrier is told its bytes as they come. What is
 * outside the tensor, below zero too, is zeros, and counts as bytes.
 *
 * @param i0 the box's first element, innermost index first
 */
__device__ __forceinline__ void copy_box(void* to, const TensorMap& map, Mbarrier* at, int i0, int i1, int i2 SIROCCO_PLACE) {
#ifdef SIROCCO_EMULATED
    int first[] = {i0, i1, i2};
    ::emulated::copy_box(to, &map, at, first, 3, place);
#else
    asm volatile("cp.async.bulk.tensor.3d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4, %5}], [%2];" ::"r"(shared_address(to)),
                 "l"(&map), "r"(shared_address(at)), "r"(i0), "r"(i1), "r"(i2) : "memory");
#endif
}

__device__ __forceinline__ void copy_box(void* to, const TensorMap& map, Mbarrier* at, int i0, int i1, int i2, int i3 SIROCCO_PLACE) {
#ifdef SIROCCO_EMULATED
    int first[] = {i0, i1, i2, i3};
    ::emulated::copy_box(to, &map, at, first, 4, place);
#else
    asm volatile("cp.async.bulk.tensor.4d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4, %5, %6}], [%2];" ::"r"(shared_address(to)),
                 "l"(&map), "r"(shared_address(at)), "r"(i0), "r"(i1), "r"(i2), "r"(i3) : "memory");
#endif
}

}  // namespace ptx

}  // namespace sirocco
