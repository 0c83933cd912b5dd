#include "block.hpp"

#include <algorithm>
#include <cstdarg>
#include <sys/mman.h>

#include "checks.hpp"
#include "codes.hpp"
#include "fibre.hpp"
#include "hopper.hpp"
#include "scheduler.hpp"

namespace emulated {

thread_local Thread* running;

Warp& Thread::warp() const { return block->warps[flat / 32]; }

namespace {

/** Enters another thread of the block, or the scheduler when none can go on. */
void leave(Thread& self) {
    Thread* next = take_ready(*self.block);
    if (next == &self) {
        return;
    }
    running = next;
    emulated_switch_fibre(&self.fibre, next != nullptr ? next->fibre : self.block->scheduler);
}

void make_ready(Thread& thread) {
    thread.state = Thread::READY;
    thread.block->ready.push_back(&thread);
}

std::string at(const Place& place) {
    std::string file = place.file_name();
    return file.substr(file.rfind('/') + 1) + ":" + std::to_string(place.line());
}

bool same(const char* a, const char* b) { return a == b || strcmp(a, b) == 0; }

}  // namespace

void wait_here(Thread& self, const char* what, Place place) {
    self.state = Thread::AT_BARRIER;
    self.waitsFor = what;
    self.place = place;
    leave(self);
}

std::string triple(const uint3& i) {
    return "(" + std::to_string(i.x) + "," + std::to_string(i.y) + "," + std::to_string(i.z) + ")";
}

std::string describe(const Thread& thread) {
    std::string text = "thread " + triple(thread.index);
    switch (thread.state) {
        case Thread::EXITED: return text + " has exited";
        case Thread::READY: return text + " runs";
        default: return text + " waits in " + thread.waitsFor + " at " + at(thread.place) + describe_mbarrier(*thread.block, thread.waitsOn);
    }
}

void fail(int code, const std::string& message) {
    Thread& self = here();
    Block& block = *self.block;
    block.error = code;
    block.message = std::string("kernel ") + block.kernel + ", block " + triple(block.index) + ", thread " + triple(self.index) + ": " + message;
    void* abandoned;
    running = nullptr;
    emulated_switch_fibre(&abandoned, block.scheduler);
    __builtin_unreachable();
}

int barrier(int id, unsigned threads, bool wait, int predicate, const char* what, Place place) {
    Thread& self = here();
    Block& block = *self.block;
    if (id < 0 || id > 15) {
        fail(CODE_INVALID_VALUE, std::string(what) + " at " + at(place) + ": barrier " + std::to_string(id) + ", there are 0 to 15");
    }
    Barrier& b = block.barriers[id];
    bool all = threads == 0;
    unsigned expected = all ? block.threadCount : threads;
    if (!all && (threads % 32 != 0 || threads > block.threadCount)) {
        fail(CODE_INVALID_VALUE, std::string(what) + " at " + at(place) + ": joins " + std::to_string(threads)
                + " threads; that must be a multiple of 32 and at most the block's " + std::to_string(block.threadCount));
    }
    if (b.arrived == 0) {
        b.expected = expected;
        b.place = place;
        b.count = 0;
    } else if (b.expected != expected
            || (all && (b.place.line() != place.line() || b.place.column() != place.column() || !same(b.place.file_name(), place.file_name())))) {
        fail(CODE_LAUNCH_FAILED, std::string("divergent barrier: ") + what + " at " + at(place) + " while others wait at " + at(b.place));
    }
    b.arrived++;
    b.count += predicate != 0;
    if (b.arrived == b.expected) {
        int count = b.count;
        b.arrived = 0;
        watch.epoch++;
        for (Thread* waiting : b.waiting) {
            waiting->barrierResult = count;
            make_ready(*waiting);
        }
        b.waiting.clear();
        if (!wait) {
            return count;
        }
        self.barrierResult = count;
        make_ready(self);
    } else {
        if (!wait) {
            return 0;
        }
        b.waiting.push_back(&self);
        wait_here(self, what, place);
        return self.barrierResult;
    }
    leave(self);
    return self.barrierResult;
}

// Every lane comes through collective(), whose frame stays small for that: the rest of it is in functions of their own.
namespace {

[[noreturn, gnu::cold, gnu::noinline]] void wrong_mask(const Thread& self, unsigned mask, unsigned existing, const char* what, const Place& place) {
    char text[160];
    snprintf(text, sizeof text, "%s at %s: mask %08x; the calling lane is %u, the warp's existing lanes are %08x", what, at(place).c_str(), mask,
            self.lane(), existing);
    fail(CODE_LAUNCH_FAILED, text);
}

[[noreturn, gnu::cold, gnu::noinline]] void divergent(const Rendezvous& others, const char* what, const Place& place) {
    fail(CODE_LAUNCH_FAILED, std::string("divergent warp: ") + what + " at " + at(place) + " while other lanes wait in " + others.what + " at "
            + at(others.place));
}

[[gnu::noinline]] void complete(Thread& self, std::vector<Rendezvous>& pending, std::vector<Rendezvous>::iterator r, void (*act)(void** arguments)) {
    Rendezvous complete = *r;
    pending.erase(r);
    act(complete.arguments);
    unsigned first = self.flat - self.lane();
    for (unsigned lane = 0; lane < 32; lane++) {
        if ((complete.mask >> lane & 1) != 0 && lane != self.lane()) {
            make_ready(self.block->threads[first + lane]);
        }
    }
    make_ready(self);
}

}  // namespace

void collective(unsigned mask, void* arguments, void (*act)(void** arguments), const char* what, Place place) {
    Thread& self = here();
    Block& block = *self.block;
    unsigned bit = 1u << self.lane();
    unsigned first = self.flat - self.lane();
    unsigned existing = block.threadCount - first >= 32 ? ~0u : (1u << (block.threadCount - first)) - 1;
    if ((mask & bit) == 0 || (mask & ~existing) != 0) {
        wrong_mask(self, mask, existing, what, place);
    }
    auto& pending = self.warp().pending;
    auto r = std::find_if(pending.begin(), pending.end(), [&](const Rendezvous& p) { return p.mask == mask; });
    if (r == pending.end()) {
        pending.push_back({mask, 0, what, place, {}});
        r = pending.end() - 1;
    } else if (!same(r->what, what) || r->place.line() != place.line() || !same(r->place.file_name(), place.file_name())) {
        divergent(*r, what, place);
    }
    r->arrived |= bit;
    r->arguments[self.lane()] = arguments;
    if (r->arrived == mask) {
        complete(self, pending, r, act);
    } else {
        self.state = Thread::AT_WARP;
        self.waitsFor = what;
        self.place = place;
    }
    leave(self);
}

void* static_shared(const void* declaration, std::size_t bytes, std::size_t alignment) {
    Block& block = *here().block;
    for (const StaticShared& s : block.statics) {
        if (s.declaration == declaration) {
            return s.at;
        }
    }
    return add_static_shared(block, declaration, bytes, alignment);
}

bool is_shared(const void* at, std::size_t bytes) {
    const Block& block = *here().block;
    auto inside = [&](const unsigned char* from, std::size_t size) {
        auto p = static_cast<const unsigned char*>(at);
        return p >= from && p + bytes <= from + size;
    };
    return inside(block.dynamicShared, block.dynamicBytes)
            || std::any_of(block.statics.begin(), block.statics.end(), [&](const StaticShared& s) { return inside(s.at, s.bytes); });
}

namespace {

void complete(const AsyncCopy& copy) {
    note_shared(copy.to, copy.bytes, true);
    memcpy(copy.to, copy.from, copy.fromBytes);
    memset(static_cast<char*>(copy.to) + copy.fromBytes, 0, copy.bytes - copy.fromBytes);
}

void complete_first(Thread& self, std::size_t count) {
    for (std::size_t i = 0; i < count; i++) {
        complete(self.copies[i]);
    }
    self.copies.erase(self.copies.begin(), self.copies.begin() + count);
}

}  // namespace

void async_copy(void* shared, const void* global, int bytes, int fromBytes) {
    auto misaligned = [&](const void* p) { return reinterpret_cast<std::uintptr_t>(p) % bytes != 0; };
    if (misaligned(shared) || (fromBytes > 0 && misaligned(global))) {
        fail(CODE_MISALIGNED_ADDRESS, "cp.async of " + std::to_string(bytes) + " bytes with an address that is not a multiple of that");
    }
    if (!is_shared(shared, bytes)) {
        fail(CODE_ILLEGAL_ADDRESS, "cp.async to an address outside the block's shared memory");
    }
    if (fromBytes > 0) {
        check_global(global, fromBytes);
    }
    note_shared(shared, bytes, true);
    // Until the copy is waited for, the destination holds neither the old nor the new value.
    memset(shared, 0xff, bytes);
    here().copies.push_back({shared, global, bytes, fromBytes});
}

void commit_copies() {
    Thread& self = here();
    self.copyGroups.push_back(self.copies.size());
}

void wait_copies(unsigned newest) {
    Thread& self = here();
    if (self.copyGroups.size() <= newest) {
        return;
    }
    std::size_t groups = self.copyGroups.size() - newest;
    std::size_t count = self.copyGroups[groups - 1];
    complete_first(self, count);
    self.copyGroups.erase(self.copyGroups.begin(), self.copyGroups.begin() + groups);
    for (std::size_t& end : self.copyGroups) {
        end -= count;
    }
}

void wait_all_copies() {
    Thread& self = here();
    complete_first(self, self.copies.size());
    self.copyGroups.clear();
}

}  // namespace emulated
