#include "checks.hpp"

#include <link.h>

#include "codes.hpp"
#include "scheduler.hpp"

namespace emulated {

thread_local Watch watch;

namespace {

std::string hex(std::uintptr_t p) {
    char text[32];
    snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(p));
    return text;
}

/** This library's own segments: constants of kernels. */
const std::vector<Range>& own_segments() {
    static const std::vector<Range> segments = [] {
        std::vector<Range> found;
        dl_iterate_phdr([](dl_phdr_info* info, std::size_t, void* out) {
            auto self = reinterpret_cast<std::uintptr_t>(&own_segments);
            std::vector<Range> loaded;
            bool mine = false;
            for (int i = 0; i < info->dlpi_phnum; i++) {
                if (info->dlpi_phdr[i].p_type == PT_LOAD) {
                    loaded.push_back({info->dlpi_addr + info->dlpi_phdr[i].p_vaddr, info->dlpi_phdr[i].p_memsz});
                    mine |= loaded.back().holds(self, 1);
                }
            }
            if (mine) {
                *static_cast<std::vector<Range>*>(out) = loaded;
            }
            return mine ? 1 : 0;
        }, &found);
        return found;
    }();
    return segments;
}

/** Where an address lies beside what may be touched. */
std::string where(std::uintptr_t p) {
    const char* what = watch.operands ? "operand" : "allocation";
    const Range* nearest = nullptr;
    std::uintptr_t distance = ~std::uintptr_t{0};
    for (const Range& r : *watch.global) {
        std::uintptr_t d = p < r.at ? r.at - p : p - r.at < r.bytes ? 0 : p - r.at - r.bytes;
        if (d < distance) {
            distance = d;
            nearest = &r;
        }
    }
    if (nearest == nullptr) {
        return hex(p) + ", where nothing is allocated";
    }
    std::string at = std::string(" the ") + what + " of " + std::to_string(nearest->bytes) + " bytes at " + hex(nearest->at);
    return p < nearest->at ? std::to_string(distance) + " bytes before" + at
            : p - nearest->at < nearest->bytes ? "across the end of" + at : std::to_string(distance) + " bytes beyond the end of" + at;
}

[[noreturn]] void illegal(std::uintptr_t p, std::size_t bytes, bool write) {
    fail(CODE_ILLEGAL_ADDRESS, std::string(write ? "writes " : "reads ") + std::to_string(bytes) + " bytes " + where(p));
}

/** Fails for an access to global memory that might come before the end of the kernel before. */
inline void need_turn(bool write) {
    if (watch.overlaps && !running->hadTurn) {
        fail(CODE_LAUNCH_FAILED, std::string(write ? "writes" : "reads") + " global memory before it has waited for the kernel before (griddepcontrol.wait), "
                "which it was launched to overlap with");
    }
}

[[noreturn]] void race(std::uintptr_t p, bool write, const char* other, unsigned thread) {
    const Block& block = *here().block;
    auto dynamic = reinterpret_cast<std::uintptr_t>(block.dynamicShared);
    bool inDynamic = p - dynamic < block.dynamicBytes;
    std::string offset = inDynamic ? "byte " + std::to_string(p - dynamic) + " of dynamic shared memory" : "static shared memory";
    fail(CODE_LAUNCH_FAILED, std::string("race: ") + (write ? "writes " : "reads ") + offset + ", which thread "
            + triple(block.threads[thread].index) + " has " + other + " with no barrier between");
}

/** Two bytes of shared memory that somebody else has touched since the last barrier. */
__attribute__((noinline)) void access_shared_by_several(Shadow& s, std::uintptr_t p, bool write) {
    const Thread& self = here();
    std::uint32_t epoch = watch.epoch;
    std::uint32_t warpEpoch = watch.warpEpochs[self.flat / 32];
    auto unordered = [&](unsigned other, std::uint32_t otherWarpEpoch) { return other / 32 != self.flat / 32 || otherWarpEpoch == warpEpoch; };
    if (s.writeEpoch == epoch && s.writer != self.flat && unordered(s.writer, s.writeWarpEpoch)) {
        race(p, write, "written", s.writer);
    }
    bool read = s.readEpoch == epoch;
    if (write) {
        if (read && (s.severalWarps || ((s.severalLanes || s.reader != self.flat) && unordered(s.reader, s.readWarpEpoch)))) {
            race(p, true, "read", s.reader);
        }
        s.writeEpoch = epoch;
        s.writeWarpEpoch = warpEpoch;
        s.writer = static_cast<std::uint16_t>(self.flat);
        return;
    }
    bool sameWarp = read && s.reader / 32u == self.flat / 32;
    s.severalWarps = read && (s.severalWarps || !sameWarp);
    s.severalLanes = sameWarp && s.readWarpEpoch == warpEpoch && (s.severalLanes || s.reader != self.flat);
    if (s.severalWarps && s.reader == self.flat) {
        return;  // keeps another thread to name
    }
    s.readEpoch = epoch;
    s.readWarpEpoch = warpEpoch;
    s.reader = static_cast<std::uint16_t>(self.flat);
}

inline void access_shadow(Shadow& s, std::uintptr_t p, bool write, unsigned self) {
    std::uint32_t epoch = watch.epoch;
    if (!write && s.writeEpoch != epoch && s.readEpoch == epoch) {
        if (s.severalWarps || s.reader == self || (s.severalLanes && s.reader / 32u == self / 32 && s.readWarpEpoch == watch.warpEpochs[self / 32])) {
            return;  // nothing new
        }
    }
    if (!write || s.writeEpoch == epoch || s.readEpoch == epoch) {
        access_shared_by_several(s, p, write);
    } else {
        s.writeEpoch = epoch;
        s.writeWarpEpoch = watch.warpEpochs[self / 32];
        s.writer = static_cast<std::uint16_t>(self);
    }
}

/** Finds the declaration whose memory this is. */
__attribute__((noinline)) void find_shared(std::uintptr_t p, std::size_t bytes, bool write) {
    const Block& block = *here().block;
    Range dynamic{reinterpret_cast<std::uintptr_t>(block.dynamicShared), block.dynamicBytes};
    if (dynamic.holds(p, bytes)) {
        watch.lastShared = dynamic;
        return;
    }
    for (const StaticShared& s : block.statics) {
        Range r{reinterpret_cast<std::uintptr_t>(s.at), s.bytes};
        if (r.holds(p, bytes)) {
            watch.lastShared = r;
            return;
        }
    }
    fail(CODE_ILLEGAL_ADDRESS, std::string(write ? "writes " : "reads ") + std::to_string(bytes) + " bytes outside the block's shared memory: its "
            + std::to_string(block.dynamicBytes) + " dynamic bytes begin at " + hex(dynamic.at) + ", the access is at " + hex(p));
}

inline void access_shared(std::uintptr_t p, std::size_t bytes, bool write) {
    if (!watch.lastShared.holds(p, bytes)) {
        std::swap(watch.lastShared, watch.lastSharedButOne);
        if (!watch.lastShared.holds(p, bytes)) {
            find_shared(p, bytes, write);
        }
    }
    unsigned self = running->flat;
    std::size_t first = (p - watch.shared.at) / 2;
    std::size_t last = (p - watch.shared.at + bytes - 1) / 2;
    for (std::size_t i = first; i <= last; i++) {
        access_shadow(watch.shadow[i], watch.shared.at + 2 * i, write, self);
    }
}

/** Everything but the commonest cases. */
__attribute__((noinline)) void access_other(std::uintptr_t p, std::size_t bytes, bool write) {
    for (const Range& r : *watch.global) {
        if (r.holds(p, bytes)) {
            need_turn(write);
            watch.last = r;
            return;
        }
    }
    for (const Range& r : own_segments()) {
        if (r.holds(p, bytes)) {
            return;
        }
    }
    illegal(p, bytes, write);
}

inline void access(void* at, std::size_t bytes, bool write, bool aligned) {
    auto p = reinterpret_cast<std::uintptr_t>(at);
    Watch& w = watch;
    if (at == &running || p - w.stacks.at < w.stacks.bytes || p - w.threads.at < w.threads.bytes || p - w.block.at < w.block.bytes || running == nullptr) {
        return;
    }
    if (aligned && p % bytes != 0) {
        fail(CODE_MISALIGNED_ADDRESS, std::string(write ? "writes " : "reads ") + std::to_string(bytes) + " bytes at " + hex(p) + ", which is not a multiple of that");
    }
    if (p - w.shared.at < w.shared.bytes) {
        access_shared(p, bytes, write);
    } else if (!w.last.holds(p, bytes) || !running->hadTurn) {
        access_other(p, bytes, write);
    }
}

/** Atomics race with nothing; they must be inside. */
void access_atomic(void* at, std::size_t bytes) {
    auto p = reinterpret_cast<std::uintptr_t>(at);
    if (p % bytes != 0) {
        fail(CODE_MISALIGNED_ADDRESS, "an atomic operation at " + hex(p) + ", which is not a multiple of " + std::to_string(bytes));
    }
    if (watch.shared.holds(p, bytes) ? !is_shared(at, bytes) : !watch.last.holds(p, bytes) || !running->hadTurn) {
        access_other(p, bytes, true);
    }
}

}  // namespace

void note_shared(const void* at, std::size_t bytes, bool write) {
    if (CHECKED) {
        access_shared(reinterpret_cast<std::uintptr_t>(at), bytes, write);
    }
}

void check_global_range(std::uintptr_t at, std::size_t bytes) {
    need_turn(false);
    for (const Range& r : *watch.global) {
        if (r.holds(at, bytes)) {
            return;
        }
    }
    illegal(at, bytes, false);
}

void check_global(const void* at, std::size_t bytes) {
    auto p = reinterpret_cast<std::uintptr_t>(at);
    need_turn(false);
    if (CHECKED && !watch.last.holds(p, bytes)) {
        access_other(p, bytes, false);
    }
}

void end_of_turn(const Thread& self) {
    if (watch.overlaps && !self.hadTurn) {
        fail(CODE_LAUNCH_FAILED, "ends and has not waited for the kernel before (griddepcontrol.wait), which it was launched to overlap with");
    }
}

}  // namespace emulated

#define SIROCCO_ACCESS(bytes) \
    extern "C" void __tsan_read##bytes(void* at) { emulated::access(at, bytes, false, true); } \
    extern "C" void __tsan_write##bytes(void* at) { emulated::access(at, bytes, true, true); } \
    extern "C" void __tsan_unaligned_read##bytes(void* at) { emulated::access(at, bytes, false, false); } \
    extern "C" void __tsan_unaligned_write##bytes(void* at) { emulated::access(at, bytes, true, false); } \
    extern "C" void __tsan_volatile_read##bytes(void* at) { emulated::access(at, bytes, false, true); } \
    extern "C" void __tsan_volatile_write##bytes(void* at) { emulated::access(at, bytes, true, true); }

SIROCCO_ACCESS(1)
SIROCCO_ACCESS(2)
SIROCCO_ACCESS(4)
SIROCCO_ACCESS(8)
SIROCCO_ACCESS(16)

#define SIROCCO_ATOMIC_FETCH(bits, T, name, op) \
    extern "C" T __tsan_atomic##bits##_fetch_##name(volatile T* at, T value, int) { \
        emulated::access_atomic(const_cast<T*>(at), sizeof(T)); \
        return __atomic_fetch_##op(at, value, __ATOMIC_SEQ_CST); \
    }
#define SIROCCO_ATOMIC_COMPARE(bits, T, strength, weak) \
    extern "C" int __tsan_atomic##bits##_compare_exchange_##strength(volatile T* at, T* expected, T value, int, int) { \
        emulated::access_atomic(const_cast<T*>(at), sizeof(T)); \
        return __atomic_compare_exchange_n(at, expected, value, weak, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
    }
#define SIROCCO_ATOMIC(bits, T) \
    SIROCCO_ATOMIC_FETCH(bits, T, add, add) \
    SIROCCO_ATOMIC_FETCH(bits, T, sub, sub) \
    SIROCCO_ATOMIC_FETCH(bits, T, and, and) \
    SIROCCO_ATOMIC_FETCH(bits, T, or, or) \
    SIROCCO_ATOMIC_FETCH(bits, T, xor, xor) \
    SIROCCO_ATOMIC_COMPARE(bits, T, strong, false) \
    SIROCCO_ATOMIC_COMPARE(bits, T, weak, true) \
    extern "C" T __tsan_atomic##bits##_exchange(volatile T* at, T value, int) { \
        emulated::access_atomic(const_cast<T*>(at), sizeof(T)); \
        return __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST); \
    } \
    extern "C" T __tsan_atomic##bits##_load(const volatile T* at, int) { \
        emulated::access_atomic(const_cast<T*>(at), sizeof(T)); \
        return __atomic_load_n(at, __ATOMIC_SEQ_CST); \
    } \
    extern "C" void __tsan_atomic##bits##_store(volatile T* at, T value, int) { \
        emulated::access_atomic(const_cast<T*>(at), sizeof(T)); \
        __atomic_store_n(at, value, __ATOMIC_SEQ_CST); \
    }

SIROCCO_ATOMIC(32, std::uint32_t)
SIROCCO_ATOMIC(64, std::uint64_t)

extern "C" void __tsan_atomic_thread_fence(int) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
extern "C" void __tsan_init() { }
extern "C" void __tsan_func_entry(void*) { }
extern "C" void __tsan_func_exit() { }
extern "C" void __tsan_vptr_update(void**, void*) { }
extern "C" void __tsan_vptr_read(void**) { }
extern "C" void __tsan_read_range(void* at, std::size_t bytes) { emulated::access(at, bytes, false, false); }
extern "C" void __tsan_write_range(void* at, std::size_t bytes) { emulated::access(at, bytes, true, false); }

// -fsanitize=alignment,bounds: the compiler tests, and calls these where the test fails.

namespace {

/** The beginning of what the compiler passes about a failed test. */
struct Site {
    const char* file;
    std::uint32_t line, column;
    const void* type;

    std::string text() const {
        std::string path = file;
        return path.substr(path.rfind('/') + 1) + ":" + std::to_string(line);
    }
};

}  // namespace

extern "C" void __ubsan_handle_type_mismatch_v1(const Site* site, std::uintptr_t p) {
    if (emulated::running != nullptr) {
        emulated::fail(emulated::CODE_MISALIGNED_ADDRESS, "at " + site->text() + " a vector or number at " + emulated::hex(p) + ", which is not a multiple of its alignment");
    }
}

extern "C" void __ubsan_handle_out_of_bounds(const Site* site, std::uintptr_t index) {
    if (emulated::running != nullptr) {
        emulated::fail(emulated::CODE_ILLEGAL_ADDRESS, "at " + site->text() + " index " + std::to_string(static_cast<std::intptr_t>(index)) + " of an array");
    }
}
