// What a running block is: its threads (fibres), warps, barriers and shared memory. Device code reaches all of it through here().
#pragma once

#include <deque>
#include <memory>
#include <source_location>
#include <string>
#include <vector>

#include "tensor_map.hpp"
#include "types.hpp"

namespace emulated {

struct Block;
using Place = std::source_location;

/** One cp.async: happens when it is waited for. */
struct AsyncCopy {
    void* to;
    const void* from;
    int bytes;
    int fromBytes;  // the rest is zeros
};

/** Lanes that have arrived at a warp's operation and wait for the others of its mask. */
struct Rendezvous {
    unsigned mask;
    unsigned arrived;
    const char* what;
    Place place;
    void* arguments[32];
};

struct Warp {
    std::vector<Rendezvous> pending;
};

struct Barrier {
    unsigned expected = 0;
    unsigned arrived = 0;
    int count = 0;  // threads with a non-zero predicate
    Place place;
    std::vector<struct Thread*> waiting;
};

/** A barrier in shared memory, of Hopper's kind: it counts arrivals and bytes. */
struct Mbarrier {
    void* at;
    unsigned arrivals;  // of a phase
    unsigned pending;
    int bytes;  // that are still to come, less those that came before they were expected
    unsigned phase;
    const struct Thread* maker;
    bool visible;  // to copies
    std::vector<struct Thread*> waiting;
};

/** A box of a tensor on its way to shared memory. */
struct Transfer {
    unsigned char* to;
    TensorMap map;
    void* mbarrier;
    int coordinates[5];
};

/** A warpgroup's product, which happens when the first of its threads waits for it. */
struct Product {
    std::uint64_t a, b;
    int n;
    bool accumulate, outerA, outerB;
    Place place;
    int issued = 0;  // threads that have come
    std::vector<float>* sums[128] = {};
};

struct Warpgroup {
    std::deque<Product> products;
    std::uint64_t first = 0;  // number of the first of them
    std::vector<struct Thread*> waiting;
};

/** A thread's sums while products are under way, when its registers hold NaNs. */
struct Accumulator {
    float* registers;
    std::unique_ptr<std::vector<float>> sums;
    std::uint64_t last;  // product that writes them
};

/** What a switch from one to the next touches comes first, in one line of the cache. */
struct alignas(64) Thread {
    enum State { READY, AT_BARRIER, AT_WARP, EXITED };

    uint3 index;
    unsigned flat;
    State state;
    void* fibre;
    Block* block;
    int barrier;
    int barrierResult;
    const char* waitsFor;
    Place place;
    bool hadTurn = false;  // it has waited for the kernel before
    std::vector<AsyncCopy> copies;
    std::vector<std::size_t> copyGroups;  // where each committed group ends in copies
    const void* waitsOn = nullptr;        // an mbarrier
    bool productsFenced = false;
    std::uint64_t products = 0;  // issued
    std::vector<std::uint64_t> productGroups;  // how many were issued at each commit
    std::vector<Accumulator> accumulators;

    Warp& warp() const;
    unsigned lane() const { return flat % 32; }
};

/** A piece of static shared memory, known by the address of something unique to its declaration. */
struct StaticShared {
    const void* declaration;
    unsigned char* at;
    std::size_t bytes;
};

struct Block {
    dim3 grid, shape;
    uint3 index;
    unsigned threadCount;
    const char* kernel;
    std::vector<Thread> threads;
    std::vector<Warp> warps;
    Barrier barriers[16];
    std::vector<Thread*> ready;
    unsigned char* dynamicShared;
    std::size_t dynamicBytes;
    std::size_t staticBytes;
    std::vector<StaticShared> statics;
    std::deque<Mbarrier> mbarriers;
    std::vector<Transfer> transfers;
    std::vector<Warpgroup> warpgroups;
    std::uint64_t random;
    void* scheduler;
    int error;
    std::string message;
};

/** The device's thread that runs on this thread of the host. */
extern thread_local Thread* running;

/** The running thread; not cached over a switch, since fibres stay on their host thread. */
inline Thread& here() { return *running; }

/** Static shared memory of a declaration, the same for all threads of the block. */
void* static_shared(const void* declaration, std::size_t bytes, std::size_t alignment);

/** An address of its own for every type. */
template <typename Unique> const void* declaration() {
    static const char address = 0;
    return &address;
}

template <typename T> using Array = T;

/**
 * Arrives at a barrier.
 *
 * @param id 0 … 15
 * @param threads how many it joins; 0 is all of the block, all at the same place of the source
 * @param wait false for an arrival that does not wait
 * @return how many threads came with a predicate that was not 0
 */
int barrier(int id, unsigned threads, bool wait, int predicate, const char* what, Place place);

/**
 * An operation of a warp: waits until every lane of mask has come, then act runs once, by the last of them, with every lane's arguments;
 * those of lanes outside the mask are null.
 */
void collective(unsigned mask, void* arguments, void (*act)(void** arguments), const char* what, Place place);

/** Ends the launch with an error (a CUresult) that names the kernel, the block and the thread. */
[[noreturn]] void fail(int code, const std::string& message);

/** The running thread has waited for the kernel before (griddepcontrol.wait). */
inline void take_turn() { here().hadTurn = true; }

void async_copy(void* shared, const void* global, int bytes, int fromBytes);
void commit_copies();
/** Completes all groups of copies but the newest few. */
void wait_copies(unsigned newest);
/** Completes all copies, committed or not. */
void wait_all_copies();

/** The running thread waits until another makes it ready. */
void wait_here(Thread& self, const char* what, Place place);

/** True if [at, at + bytes) is shared memory of the running block. */
bool is_shared(const void* at, std::size_t bytes);

}  // namespace emulated

#define threadIdx (::emulated::here().index)
#define blockIdx (::emulated::here().block->index)
#define blockDim (::emulated::here().block->shape)
#define gridDim (::emulated::here().block->grid)
