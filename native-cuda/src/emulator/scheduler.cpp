#include "scheduler.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <sys/mman.h>
#include <thread>

#include "checks.hpp"
#include "codes.hpp"
#include "fibre.hpp"
#include "guard.hpp"
#include "hopper.hpp"
#include "launch.hpp"

namespace emulated {

namespace {

// Not a power of two: the same frame of all threads would be in the same few lines of every cache.
constexpr std::size_t STACK_BYTES = (128 << 10) + 33 * 64;
constexpr std::size_t STATIC_BYTES = 48 << 10;
constexpr std::size_t DYNAMIC_BYTES = 227 << 10;
constexpr std::size_t GUARD_BYTES = 1024;
constexpr std::size_t SHARED_BYTES = 3 * GUARD_BYTES + DYNAMIC_BYTES + STATIC_BYTES;
constexpr std::uint64_t STACK_MARK = 0x5afe57ac5afe57acull;

std::uint64_t environment(const char* name, std::uint64_t otherwise) {
    const char* text = getenv(name);
    return text != nullptr && *text != 0 ? strtoull(text, nullptr, 0) : otherwise;
}

std::uint64_t next_random(std::uint64_t& state) {  // splitmix64
    std::uint64_t z = state += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

unsigned below(std::uint64_t& state, unsigned n) {
    return static_cast<unsigned>((next_random(state) >> 32) * n >> 32);
}

/** One host thread's room for a block: the fibres' stacks and shared memory, used again from block to block. */
struct Worker {
    unsigned char* stacks = nullptr;
    std::size_t stackCount = 0;
    unsigned char* shared;  // guard | dynamic | guard | static | guard
    Block block;
    void* const* parameters;
    const Kernel* kernel;

    Worker() {
        shared = static_cast<unsigned char*>(aligned_alloc(1024, SHARED_BYTES));
        fill_guard(shared, SHARED_BYTES);
    }

    ~Worker() {
        free(shared);
        if (stacks != nullptr) {
            munmap(stacks, stackCount * STACK_BYTES);
        }
    }

    unsigned char* dynamic() const { return shared + GUARD_BYTES; }
    unsigned char* statics() const { return shared + 2 * GUARD_BYTES + DYNAMIC_BYTES; }

    void need_stacks(std::size_t count) {
        if (count <= stackCount) {
            return;
        }
        if (stacks != nullptr) {
            munmap(stacks, stackCount * STACK_BYTES);
        }
        void* memory = mmap(nullptr, count * STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED) {
            throw std::bad_alloc();
        }
        stacks = static_cast<unsigned char*>(memory);
        stackCount = count;
    }

    std::uint64_t* mark(std::size_t thread) const { return reinterpret_cast<std::uint64_t*>(stacks + thread * STACK_BYTES); }

    void run_block(const uint3& index, std::uint64_t seed);
    void start();
    void finish();
};

thread_local Worker* worker;

/** The first function of every fibre. */
void thread_main() {
    worker->kernel->call(worker->parameters);
    Thread& self = here();
    end_of_products(self);
    end_of_turn(self);
    self.state = Thread::EXITED;
    self.copies.clear();
    self.copyGroups.clear();
    Thread* next = take_ready(*self.block);
    running = next;
    emulated_switch_fibre(&self.fibre, next != nullptr ? next->fibre : self.block->scheduler);
    __builtin_unreachable();
}

void Worker::start() {
    unsigned count = block.threadCount;
    block.threads.resize(std::max<std::size_t>(block.threads.size(), count));
    block.warps.resize(std::max<std::size_t>(block.warps.size(), (count + 31) / 32));
    block.ready.clear();
    for (Barrier& b : block.barriers) {
        b.arrived = 0;
        b.waiting.clear();
    }
    for (Warp& w : block.warps) {
        w.pending.clear();
    }
    for (unsigned t = 0; t < count; t++) {
        Thread& thread = block.threads[t];
        thread.index = {t % block.shape.x, t / block.shape.x % block.shape.y, t / (block.shape.x * block.shape.y)};
        thread.flat = t;
        thread.state = Thread::READY;
        thread.block = &block;
        thread.hadTurn = false;
        thread.copies.clear();
        thread.copyGroups.clear();
        thread.waitsOn = nullptr;
        thread.productsFenced = false;
        thread.products = 0;
        thread.productGroups.clear();
        thread.accumulators.clear();
        *mark(t) = STACK_MARK;
        thread.fibre = make_fibre(stacks + t * STACK_BYTES, STACK_BYTES, thread_main);
        block.ready.push_back(&thread);
    }
    block.statics.clear();
    block.mbarriers.clear();
    block.transfers.clear();
    block.warpgroups.assign((count + 127) / 128, {});
    block.staticBytes = 0;
    block.dynamicShared = dynamic();
    watch.stacks = {reinterpret_cast<std::uintptr_t>(stacks), stackCount * STACK_BYTES};
    watch.threads = {reinterpret_cast<std::uintptr_t>(block.threads.data()), block.threads.size() * sizeof(Thread)};
    watch.block = {reinterpret_cast<std::uintptr_t>(&block), sizeof block};
    watch.shared = {reinterpret_cast<std::uintptr_t>(shared), SHARED_BYTES};
    watch.shadow.resize(SHARED_BYTES / 2);
    watch.lastShared = watch.lastSharedButOne = {};
    watch.epoch++;
    memset(dynamic(), 0xff, block.dynamicBytes);
}

void Worker::finish() {
    for (unsigned t = 0; t < block.threadCount && block.error == 0; t++) {
        if (*mark(t) != STACK_MARK) {
            block.error = CODE_LAUNCH_FAILED;
            block.message = std::string("kernel ") + kernel->name + ": thread " + triple(block.threads[t].index) + " needs a larger stack than "
                    + std::to_string(STACK_BYTES) + " bytes: too many or too large local arrays";
        }
    }
    std::string waiting;
    int shown = 0;
    for (unsigned t = 0; t < block.threadCount && block.error == 0; t++) {
        if (block.threads[t].state != Thread::EXITED) {
            waiting = describe(block.threads[t]);
            break;
        }
    }
    if (!waiting.empty()) {
        for (unsigned t = 0; t < block.threadCount && shown < 3; t++) {
            std::string other = describe(block.threads[t]);
            if (other.substr(other.find(')')) != waiting.substr(waiting.find(')'))) {
                waiting += "; " + other;
                shown++;
            }
        }
        block.error = CODE_LAUNCH_TIMEOUT;
        block.message = "deadlock in kernel " + kernel->name + ", block " + triple(block.index) + ": " + waiting;
    }
    std::string left = transfers_left(block);
    if (block.error == 0 && !left.empty()) {
        block.error = CODE_LAUNCH_FAILED;
        block.message = "kernel " + kernel->name + ", block " + triple(block.index) + ": " + left;
    }
    auto guard = [&](unsigned char* from, unsigned char* to, const char* which) {
        std::size_t at = find_damage(from, to - from);
        if (at == NO_DAMAGE) {
            return;
        }
        if (block.error == 0) {
            block.error = CODE_ILLEGAL_ADDRESS;
            block.message = "kernel " + kernel->name + ", block " + triple(block.index) + ": wrote " + which + " (first damage "
                    + std::to_string(at) + " bytes from there)";
        }
        fill_guard(from, to - from);
    };
    guard(shared, dynamic(), "below its dynamic shared memory");
    guard(dynamic() + block.dynamicBytes, dynamic() + std::min(block.dynamicBytes + GUARD_BYTES, DYNAMIC_BYTES + GUARD_BYTES),
            ("beyond its " + std::to_string(block.dynamicBytes) + " bytes of dynamic shared memory").c_str());
    guard(statics() + block.staticBytes, statics() + std::min(block.staticBytes + GUARD_BYTES, STATIC_BYTES + GUARD_BYTES),
            "beyond its static shared memory");
    // What was shared memory becomes guard again: the next block may have less.
    fill_guard(dynamic(), block.dynamicBytes);
    fill_guard(statics(), block.staticBytes);
}

void Worker::run_block(const uint3& index, std::uint64_t seed) {
    block.index = index;
    block.random = seed;
    block.error = 0;
    block.message.clear();
    start();
    worker = this;
    running = take_ready(block);
    emulated_switch_fibre(&block.scheduler, running->fibre);
    running = nullptr;
    finish();
}

unsigned long long gcd(unsigned long long a, unsigned long long b) { return b == 0 ? a : gcd(b, a % b); }

/** Takes the numbers below n in an order that depends on a seed. */
struct Shuffle {
    unsigned long long n, start, stride;

    Shuffle(unsigned long long n, std::uint64_t seed) : n(n), start(next_random(seed) % n), stride(next_random(seed) % n | 1) {
        while (gcd(stride, n) != 1) {
            stride++;
        }
    }

    unsigned long long operator[](unsigned long long i) const {
        return static_cast<unsigned long long>((static_cast<unsigned __int128>(i) * stride + start) % n);
    }
};

}  // namespace

unsigned random_below(Block& block, unsigned n) { return below(block.random, n); }

Thread* take_ready(Block& block) {
    auto& ready = block.ready;
    while (ready.empty()) {
        if (!complete_a_transfer(block)) {
            return nullptr;
        }
    }
    unsigned i = below(block.random, static_cast<unsigned>(ready.size()));
    Thread* taken = ready[i];
    ready[i] = ready.back();
    ready.pop_back();
    return taken;
}

void* add_static_shared(Block& block, const void* declaration, std::size_t bytes, std::size_t alignment) {
    alignment = std::max<std::size_t>(alignment, 16);
    std::size_t offset = (block.staticBytes + alignment - 1) / alignment * alignment;
    if (offset + bytes > STATIC_BYTES) {
        fail(CODE_INVALID_IMAGE, "more static shared memory than " + std::to_string(STATIC_BYTES) + " bytes");
    }
    unsigned char* at = worker->statics() + offset;
    memset(at, 0xff, bytes);
    block.staticBytes = offset + bytes;
    block.statics.push_back({declaration, at, bytes});
    return at;
}

std::uint32_t shared_address(const void* at) {
    return static_cast<std::uint32_t>(static_cast<const unsigned char*>(at) - worker->shared);
}

void* shared_pointer(std::uint32_t address) { return worker->shared + address; }

std::vector<Kernel*>& kernels() {
    static std::vector<Kernel*> all;
    return all;
}

Outcome run(const Launch& launch, const std::vector<Range>& global) {
    static const std::uint64_t seed = environment("SIROCCO_EMULATED_SEED", 1);
    static const unsigned threads = static_cast<unsigned>(environment("SIROCCO_EMULATED_THREADS", std::max(1u, std::thread::hardware_concurrency())));
    static std::atomic<std::uint64_t> launches;

    unsigned threadCount = launch.block.x * launch.block.y * launch.block.z;
    unsigned long long blocks = static_cast<unsigned long long>(launch.grid.x) * launch.grid.y * launch.grid.z;
    std::uint64_t state = seed + (launches++ << 32);
    Shuffle order(blocks, next_random(state));
    std::uint64_t blockSeed = next_random(state);
    std::vector<const void*> parameters;
    for (const auto& value : launch.values) {
        parameters.push_back(value.data());
    }
    std::atomic<unsigned long long> taken{0};
    std::mutex lock;
    Outcome outcome;
    std::size_t staticShared = 0;

    auto work = [&] {
        static thread_local std::unique_ptr<Worker> mine;
        if (mine == nullptr) {
            mine = std::make_unique<Worker>();
        }
        Worker& w = *mine;
        w.need_stacks(threadCount);
        w.kernel = launch.kernel;
        w.parameters = const_cast<void* const*>(parameters.data());
        w.block.kernel = launch.kernel->name.c_str();
        w.block.grid = launch.grid;
        w.block.shape = launch.block;
        w.block.threadCount = threadCount;
        w.block.dynamicBytes = launch.sharedBytes;
        watch.global = &global;
        watch.operands = !launch.operands.empty();
        watch.overlaps = launch.overlaps;
        watch.last = {};
        w.block.staticBytes = 0;  // also where no block is left for this thread
        for (unsigned long long i = taken++; i < blocks; i = taken++) {
            unsigned long long b = order[i];
            uint3 index{static_cast<unsigned>(b % launch.grid.x), static_cast<unsigned>(b / launch.grid.x % launch.grid.y),
                    static_cast<unsigned>(b / launch.grid.x / launch.grid.y)};
            w.run_block(index, blockSeed + b);
            if (w.block.error != 0) {
                std::lock_guard<std::mutex> hold(lock);
                if (outcome.code == 0) {
                    outcome = {w.block.error, w.block.message};
                }
                taken = blocks;
            }
        }
        std::lock_guard<std::mutex> hold(lock);
        staticShared = std::max(staticShared, w.block.staticBytes);
    };
    // A host thread costs more to start than a few small blocks take to run.
    if (threads > 1 && blocks * threadCount >= 4096 && blocks > 1) {
        std::vector<std::thread> helpers;
        for (unsigned t = 1; t < std::min<unsigned long long>(threads, blocks); t++) {
            helpers.emplace_back(work);
        }
        work();
        for (std::thread& helper : helpers) {
            helper.join();
        }
    } else {
        work();
    }
    launch.kernel->staticShared = std::max(launch.kernel->staticShared, staticShared);
    return outcome;
}

}  // namespace emulated
