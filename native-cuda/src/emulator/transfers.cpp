// mbarriers, and the copies of boxes that they wait for.
#include <algorithm>

#include "checks.hpp"
#include "codes.hpp"
#include "hopper.hpp"
#include "scheduler.hpp"

namespace emulated {

namespace {

/** What an mbarrier's 8 bytes hold, so that one that is overwritten, or never was made, is noticed. */
constexpr std::uint64_t MARK = 0x7fc0ba77ba777fc0ull;

std::string offset(const Block& block, const void* at) {
    return std::to_string(static_cast<const unsigned char*>(at) - block.dynamicShared) + " bytes from the start of dynamic shared memory";
}

Mbarrier& mbarrier_at(void* at, const char* what) {
    Block& block = *here().block;
    for (Mbarrier& b : block.mbarriers) {
        if (b.at == at) {
            std::uint64_t mark;
            memcpy(&mark, at, sizeof mark);
            if (mark != MARK) {
                fail(CODE_LAUNCH_FAILED, std::string(what) + ": the mbarrier has been overwritten, " + offset(block, at));
            }
            return b;
        }
    }
    fail(CODE_LAUNCH_FAILED, std::string(what) + ": no mbarrier has been initialised " + offset(block, at));
}

/** Begins the next phase if all has arrived. */
void complete_phase(Block& block, Mbarrier& b) {
    if (b.pending != 0 || b.bytes != 0) {
        return;
    }
    b.phase++;
    b.pending = b.arrivals;
    watch.epoch++;
    for (Thread* waiting : b.waiting) {
        waiting->state = Thread::READY;
        block.ready.push_back(waiting);
    }
    b.waiting.clear();
}

/** Calls use(index of a row of the box, its address in the tensor or null for zeros) for each row, a row being along the innermost dimension. */
template <typename Use> void each_row(const TensorMap& map, const int* first, Use use) {
    int at[TensorMap::MOST_DIMENSIONS] = {};
    for (int row = 0;; row++) {
        auto address = map.address;
        bool inside = true;
        for (int i = 1; i < map.rank; i++) {
            std::int64_t c = static_cast<std::int64_t>(first[i]) + at[i] * map.steps[i];
            inside &= c >= 0 && c < map.sizes[i];
            address += c * map.strides[i];
        }
        use(row, inside ? reinterpret_cast<const unsigned char*>(address) : nullptr);
        int i = 1;
        while (i < map.rank && ++at[i] == map.taken(i)) {
            at[i++] = 0;
        }
        if (i >= map.rank) {
            return;
        }
    }
}

/** Where a 16-byte chunk goes: the chunks of a row change places by the row's number, which is in the address. */
unsigned char* swizzled(unsigned char* at, int swizzleBytes) {
    std::uint32_t address = shared_address(at);
    std::uint32_t chunks = swizzleBytes == 0 ? 0 : swizzleBytes / 16 - 1;
    return at + (static_cast<int>(address ^ (address >> 7 & chunks) << 4) - static_cast<int>(address));
}

void perform(const Transfer& t) {
    const TensorMap& map = t.map;
    int rowBytes = map.taken(0) * map.elementBytes;
    std::int64_t first = static_cast<std::int64_t>(t.coordinates[0]) * map.elementBytes;
    std::int64_t end = map.sizes[0] * map.elementBytes;
    each_row(map, t.coordinates, [&](int row, const unsigned char* from) {
        for (int byte = 0; byte < rowBytes; byte += 16) {
            unsigned char chunk[16] = {};
            std::int64_t begin = std::max<std::int64_t>(0, first + byte);
            std::int64_t stop = std::min(end, first + byte + 16);
            if (from != nullptr && begin < stop) {
                memcpy(chunk + (begin - first - byte), from + begin, stop - begin);
            }
            memcpy(swizzled(t.to + row * rowBytes + byte, map.swizzleBytes), chunk, 16);
        }
    });
}

}  // namespace

std::string describe_mbarrier(const Block& block, const void* at) {
    for (const Mbarrier& b : block.mbarriers) {
        if (b.at == at) {
            return " (phase " + std::to_string(b.phase) + " lacks " + std::to_string(b.pending) + " of " + std::to_string(b.arrivals) + " arrivals and "
                    + std::to_string(b.bytes) + " bytes)";
        }
    }
    return "";
}

void init_mbarrier(void* at, unsigned arrivals, Place) {
    Block& block = *here().block;
    if (reinterpret_cast<std::uintptr_t>(at) % 8 != 0) {
        fail(CODE_MISALIGNED_ADDRESS, "mbarrier.init of an address that is not a multiple of 8");
    }
    if (!is_shared(at, 8)) {
        fail(CODE_ILLEGAL_ADDRESS, "mbarrier.init of an address outside the block's shared memory");
    }
    if (arrivals == 0 || arrivals >= 1u << 20) {
        fail(CODE_INVALID_VALUE, "mbarrier.init for " + std::to_string(arrivals) + " arrivals; 1 to 2^20 - 1 can be waited for");
    }
    note_shared(at, 8, true);
    memcpy(at, &MARK, sizeof MARK);
    block.mbarriers.push_back({at, arrivals, arrivals, 0, 0, &here(), false, {}});
}

void fence_mbarrier_init() {
    for (Mbarrier& b : here().block->mbarriers) {
        b.visible |= b.maker == &here();
    }
}

void arrive_mbarrier(void* at, unsigned bytes, const char* what, Place) {
    Mbarrier& b = mbarrier_at(at, what);
    if (b.pending == 0) {
        fail(CODE_LAUNCH_FAILED, std::string(what) + ": more than the mbarrier's " + std::to_string(b.arrivals) + " arrivals in a phase, "
                + offset(*here().block, at));
    }
    b.bytes += bytes;
    b.pending--;
    complete_phase(*here().block, b);
}

void wait_mbarrier(void* at, unsigned parity, Place place) {
    Mbarrier& b = mbarrier_at(at, "mbarrier.try_wait");
    if ((b.phase & 1) != (parity & 1)) {
        return;
    }
    Thread& self = here();
    b.waiting.push_back(&self);
    self.waitsOn = at;
    wait_here(self, "mbarrier.try_wait", place);
    self.waitsOn = nullptr;
}

void copy_box(void* to, const void* tensorMap, void* mbarrier, const int* coordinates, int rank, Place) {
    Thread& self = here();
    Block& block = *self.block;
    auto& map = *static_cast<const TensorMap*>(tensorMap);
    if (reinterpret_cast<std::uintptr_t>(tensorMap) % 64 != 0) {
        fail(CODE_MISALIGNED_ADDRESS, "cp.async.bulk.tensor with a tensor map whose address is not a multiple of 64");
    }
    if (map.magic != TensorMap::MAGIC || map.rank != rank) {
        fail(CODE_ILLEGAL_INSTRUCTION, "cp.async.bulk.tensor." + std::to_string(rank) + "d with " + (map.magic == TensorMap::MAGIC
                ? "a tensor map of " + std::to_string(map.rank) + " dimensions" : std::string("what is no tensor map")));
    }
    if (shared_address(to) % 128 != 0) {
        fail(CODE_MISALIGNED_ADDRESS, "cp.async.bulk.tensor to an address that is not a multiple of 128, " + offset(block, to));
    }
    if (!is_shared(to, map.boxBytes())) {
        fail(CODE_ILLEGAL_ADDRESS, "cp.async.bulk.tensor of " + std::to_string(map.boxBytes()) + " bytes to where they are not in the block's shared memory, "
                + offset(block, to));
    }
    if (!mbarrier_at(mbarrier, "cp.async.bulk.tensor").visible) {
        fail(CODE_LAUNCH_FAILED, "cp.async.bulk.tensor with an mbarrier whose initialisation no fence has made visible to copies");
    }
    check_global_range(map.address, map.bytes());
    note_shared(to, map.boxBytes(), true);
    memset(to, 0xff, map.boxBytes());
    Transfer t{static_cast<unsigned char*>(to), map, mbarrier, {}};
    std::copy_n(coordinates, rank, t.coordinates);
    block.transfers.push_back(t);
}

bool complete_a_transfer(Block& block) {
    bool awaited = std::any_of(block.mbarriers.begin(), block.mbarriers.end(), [](const Mbarrier& b) { return !b.waiting.empty(); });
    if (block.transfers.empty() || !awaited) {
        return false;
    }
    std::size_t i = random_below(block, static_cast<unsigned>(block.transfers.size()));
    Transfer t = block.transfers[i];
    block.transfers.erase(block.transfers.begin() + i);
    perform(t);
    for (Mbarrier& b : block.mbarriers) {
        if (b.at == t.mbarrier) {
            b.bytes -= t.map.boxBytes();
            complete_phase(block, b);
        }
    }
    return true;
}

std::string transfers_left(const Block& block) {
    return block.transfers.empty() ? "" : std::to_string(block.transfers.size()) + " copies by cp.async.bulk.tensor were under way when the block ended";
}

}  // namespace emulated
