// Products of a warpgroup (wgmma). They happen when the first of its threads waits for them, which is the latest time that PTX allows.
#include <algorithm>
#include <bit>
#include <memory>

#include "checks.hpp"
#include "codes.hpp"
#include "hopper.hpp"

namespace emulated {

namespace {

constexpr int ROWS = 64;
constexpr int DEPTH = 16;
constexpr int THREADS = 128;
constexpr int MOST_COLUMNS = 256;

/** A matrix descriptor: bits 0–13 address, 16–29 and 32–45 strides, all in units of 16 bytes, 49–51 base offset, 62–63 swizzling. */
struct Descriptor {
    std::uint32_t start, leading, stride;
    int baseOffset, swizzling;

    explicit Descriptor(std::uint64_t bits)
        : start(static_cast<std::uint32_t>(bits & 0x3fff) << 4), leading(static_cast<std::uint32_t>(bits >> 16 & 0x3fff) << 4),
          stride(static_cast<std::uint32_t>(bits >> 32 & 0x3fff) << 4), baseOffset(static_cast<int>(bits >> 49 & 7)), swizzling(static_cast<int>(bits >> 62)) { }
};

constexpr int SWIZZLE_128 = 1;

void check(const Descriptor& d, const char* which) {
    if (d.swizzling != SWIZZLE_128) {
        fail(CODE_NOT_SUPPORTED, std::string("wgmma: the descriptor of ") + which + " asks for swizzling " + std::to_string(d.swizzling)
                + "; 128 bytes (1) is what is emulated");
    }
    if (d.baseOffset != 0 || (d.start & 0x380) != 0) {
        fail(CODE_MISALIGNED_ADDRESS, std::string("wgmma: ") + which + " begins at " + std::to_string(d.start) + " with base offset " + std::to_string(d.baseOffset)
                + "; swizzled rows of 128 bytes have to begin at a multiple of 1024");
    }
}

/** 16 bytes of shared memory from where the swizzling has them. */
void read_chunk(std::uint16_t* to, std::uint32_t address) {
    const void* from = shared_pointer(address ^ (address >> 7 & 7) << 4);
    if (!is_shared(from, 16)) {
        fail(CODE_ILLEGAL_ADDRESS, "wgmma reads outside the block's shared memory, at address " + std::to_string(address));
    }
    note_shared(from, 16, false);
    memcpy(to, from, 16);
}

float from_bf16(std::uint16_t x) { return std::bit_cast<float>(static_cast<std::uint32_t>(x) << 16); }

/** Room for one product; not on a fibre's small stack. */
struct Matrices {
    float a[DEPTH][MOST_COLUMNS], b[DEPTH][MOST_COLUMNS], d[ROWS][MOST_COLUMNS];
};

/** An operand, as matrix[depth][index of its rows or columns]. */
void read_operand(float (&matrix)[DEPTH][MOST_COLUMNS], int extent, const Descriptor& d, bool outer) {
    std::uint16_t chunk[8];
    if (outer) {  // 8 chunks, 64 numbers, along the index, by 8 of the depth; leading: to the next 64, stride: to the next 8 of the depth
        for (int depth = 0; depth < DEPTH; depth++) {
            for (int i = 0; i < extent; i += 8) {
                read_chunk(chunk, d.start + i / 64 * d.leading + depth / 8 * d.stride + depth % 8 * 128 + i % 64 * 2);
                for (int e = 0; e < 8; e++) {
                    matrix[depth][i + e] = from_bf16(chunk[e]);
                }
            }
        }
    } else {  // rows of 128 bytes along the depth; stride: to the next 8 rows
        for (int i = 0; i < extent; i++) {
            for (int depth = 0; depth < DEPTH; depth += 8) {
                read_chunk(chunk, d.start + i / 8 * d.stride + i % 8 * 128 + depth * 2);
                for (int e = 0; e < 8; e++) {
                    matrix[depth + e][i] = from_bf16(chunk[e]);
                }
            }
        }
    }
}

/**
 * Calls use(sums, row, column) for each two neighbours of D, in a row and in a thread's registers: as m64nNk16's fragments are, lane =
 * 4 · group + t, a warp for each 16 rows.
 */
template <typename Use> void each_pair(const Product& p, Use use) {
    for (int thread = 0; thread < THREADS; thread++) {
        float* sums = p.sums[thread]->data();
        int row = thread / 32 * 16 + thread % 32 / 4;
        for (int column = thread % 4 * 2; column < p.n; column += 8, sums += 4) {
            use(sums, row, column);
            use(sums + 2, row + 8, column);
        }
    }
}

void multiply(const Product& p) {
    static thread_local auto room = std::make_unique<Matrices>();
    auto& [a, b, d] = *room;
    read_operand(a, ROWS, Descriptor(p.a), p.outerA);
    read_operand(b, p.n, Descriptor(p.b), p.outerB);
    memset(d, 0, sizeof d);
    if (p.accumulate) {
        each_pair(p, [&](const float* sums, int row, int column) { memcpy(&room->d[row][column], sums, 2 * sizeof(float)); });
    }
    int columns = p.n;  // nothing that is written may change it
    for (int row = 0; row < ROWS; row++) {
        for (int depth = 0; depth < DEPTH; depth++) {
            for (int column = 0; column < columns; column++) {
                d[row][column] += a[depth][row] * b[depth][column];
            }
        }
    }
    each_pair(p, [&](float* sums, int row, int column) { memcpy(sums, &room->d[row][column], 2 * sizeof(float)); });
}

Warpgroup& warpgroup(const Thread& self) {
    if (self.block->threadCount < self.flat / THREADS * THREADS + THREADS) {
        fail(CODE_LAUNCH_FAILED, "wgmma by a warpgroup that has less than 128 threads");
    }
    return self.block->warpgroups[self.flat / THREADS];
}

}  // namespace

void wgmma_fence() { here().productsFenced = true; }

void wgmma_commit() {
    Thread& self = here();
    self.productGroups.push_back(self.products);
}

void wgmma(float* d, int n, std::uint64_t a, std::uint64_t b, bool accumulate, bool outerA, bool outerB, Place place) {
    Thread& self = here();
    Warpgroup& group = warpgroup(self);
    std::uint64_t number = self.products++;
    if (number == group.first + group.products.size()) {
        check(Descriptor(a), "A");
        check(Descriptor(b), "B");
        group.products.push_back({a, b, n, accumulate, outerA, outerB, place});
    }
    Product& p = group.products[number - group.first];
    if (p.a != a || p.b != b || p.n != n || p.accumulate != accumulate || p.outerA != outerA || p.outerB != outerB || p.place.line() != place.line()) {
        fail(CODE_LAUNCH_FAILED, "divergent warpgroup: threads give wgmma different operands, or come to different ones");
    }
    auto mine = std::find_if(self.accumulators.begin(), self.accumulators.end(), [&](const Accumulator& x) { return x.registers == d; });
    if (mine == self.accumulators.end()) {
        if (!self.productsFenced) {
            fail(CODE_LAUNCH_FAILED, "wgmma on registers that no wgmma.fence orders after what was done with them");
        }
        self.accumulators.push_back({d, std::make_unique<std::vector<float>>(d, d + n / 2), number});
        mine = self.accumulators.end() - 1;
        memset(d, 0xff, n / 2 * sizeof(float));
    } else if (static_cast<int>(mine->sums->size()) != n / 2) {
        fail(CODE_LAUNCH_FAILED, "wgmma on registers that one of another size is writing");
    }
    mine->last = number;
    p.sums[self.flat % THREADS] = mine->sums.get();
    if (++p.issued == THREADS) {
        for (Thread* waiting : group.waiting) {
            waiting->state = Thread::READY;
            self.block->ready.push_back(waiting);
        }
        group.waiting.clear();
    }
}

void wgmma_wait(unsigned newest, Place place) {
    Thread& self = here();
    self.productsFenced = false;
    if (self.productGroups.size() <= newest) {
        return;
    }
    Warpgroup& group = warpgroup(self);
    std::size_t groups = self.productGroups.size() - newest;
    std::uint64_t end = self.productGroups[groups - 1];
    self.productGroups.erase(self.productGroups.begin(), self.productGroups.begin() + groups);
    while (group.first < end) {
        Product& p = group.products.front();
        if (p.issued < THREADS) {
            group.waiting.push_back(&self);
            wait_here(self, "wgmma.wait_group", place);
        } else {
            multiply(p);
            group.products.pop_front();
            group.first++;
        }
    }
    std::erase_if(self.accumulators, [&](const Accumulator& x) {
        if (x.last >= end) {
            return false;
        }
        std::copy(x.sums->begin(), x.sums->end(), x.registers);
        return true;
    });
}

void end_of_products(Thread& self) {
    if (!self.accumulators.empty()) {
        fail(CODE_LAUNCH_FAILED, "ends while its wgmma are under way; wgmma.wait_group 0 is missing");
    }
}

}  // namespace emulated
