#include "warp.hpp"

#include <bit>

#include "checks.hpp"
#include "codes.hpp"

namespace emulated {

namespace {

constexpr unsigned ALL = ~0u;

float bf16(unsigned pair, int half) {
    return std::bit_cast<float>(half == 0 ? pair << 16 : pair & 0xffff0000u);
}

float tf32(unsigned bits) {
    return std::bit_cast<float>(bits & ~0x1fffu);
}

struct MatrixArguments {
    unsigned* registers;
    const unsigned char* row;
    int matrices;
    bool transposed;

    static void act(MatrixArguments** lanes) {
        for (int m = 0; m < lanes[0]->matrices; m++) {
            std::uint16_t matrix[8][8];
            for (int r = 0; r < 8; r++) {
                memcpy(matrix[r], lanes[8 * m + r]->row, 16);
            }
            for (int lane = 0; lane < 32; lane++) {
                int r = lane / 4;
                int c = lane % 4 * 2;
                lanes[lane]->registers[m] = lanes[lane]->transposed ? matrix[c][r] | static_cast<unsigned>(matrix[c + 1][r]) << 16
                                                                    : matrix[r][c] | static_cast<unsigned>(matrix[r][c + 1]) << 16;
            }
        }
    }
};

/** Eight columns: what the compiler makes of loops over them is several times slower. */
using Row = float __attribute__((vector_size(8 * sizeof(float))));

/** Fragments as the PTX manual lays them out: lane = 4 · group + t. K is 16 (two numbers a register) or 8 (one). */
template <int K>
struct MmaArguments {
    float* d;
    const unsigned* a;
    const unsigned* b;

    static void act(MmaArguments** lanes) {
        float a[16][K];
        Row b[K];
        Row d[16];
        for (int lane = 0; lane < 32; lane++) {
            int group = lane / 4;
            int t = lane % 4;
            const MmaArguments& mine = *lanes[lane];
            for (int r = 0; r < 4; r++) {
                int row = group + r % 2 * 8;
                if constexpr (K == 16) {
                    int column = 2 * t + r / 2 * 8;
                    a[row][column] = bf16(mine.a[r], 0);
                    a[row][column + 1] = bf16(mine.a[r], 1);
                } else {
                    a[row][t + r / 2 * 4] = tf32(mine.a[r]);
                }
                d[group + r / 2 * 8][2 * t + r % 2] = mine.d[r];
            }
            for (int r = 0; r < 2; r++) {
                if constexpr (K == 16) {
                    b[2 * t + 8 * r][group] = bf16(mine.b[r], 0);
                    b[2 * t + 8 * r + 1][group] = bf16(mine.b[r], 1);
                } else {
                    b[t + 4 * r][group] = tf32(mine.b[r]);
                }
            }
        }
        for (int row = 0; row < 16; row++) {
            Row sums = d[row];
            for (int k = 0; k < K; k++) {
                sums += a[row][k] * b[k];
            }
            d[row] = sums;
        }
        for (int lane = 0; lane < 32; lane++) {
            for (int r = 0; r < 4; r++) {
                lanes[lane]->d[r] = d[lane / 4 + r / 2 * 8][lane % 4 * 2 + r % 2];
            }
        }
    }
};

}  // namespace

void sync_warp(unsigned mask, Place place) {
    collective(mask, nullptr, [](void**) { watch.warpEpochs[here().flat / 32]++; }, "__syncwarp", place);
}

void load_matrices(unsigned* registers, const void* row, int matrices, bool transposed, Place place) {
    if (here().lane() < 8u * matrices) {
        if (reinterpret_cast<std::uintptr_t>(row) % 16 != 0) {
            fail(CODE_MISALIGNED_ADDRESS, "ldmatrix of a row whose address is not a multiple of 16");
        }
        if (!is_shared(row, 16)) {
            fail(CODE_ILLEGAL_ADDRESS, "ldmatrix of a row outside the block's shared memory");
        }
        note_shared(row, 16, false);
    }
    MatrixArguments mine{registers, static_cast<const unsigned char*>(row), matrices, transposed};
    together(ALL, mine, transposed ? "ldmatrix.trans" : "ldmatrix", place);
}

void mma_bf16(float* d, const unsigned* a, const unsigned* b, Place place) {
    MmaArguments<16> mine{d, a, b};
    together(ALL, mine, "mma.m16n8k16.bf16", place);
}

void mma_tf32(float* d, const unsigned* a, const unsigned* b, Place place) {
    MmaArguments<8> mine{d, a, b};
    together(ALL, mine, "mma.m16n8k8.tf32", place);
}

}  // namespace emulated
