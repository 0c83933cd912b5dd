// y = op(a) · op(b) for a batch of matrices in float32, with any strides. A block of 256 threads computes a tile of 64 × 64 of one matrix, 4 × 4 elements a
// thread, from K-tiles of 16 in shared memory; grid (columns / 64, rows / 64, matrices).
// Arithmetic intensity of a tile: 64·64·16·2 operations for 2·64·16·4 bytes of shared memory, 16 a byte: bound by shared memory, at about half of the
// float32 peak.
#include "sirocco.cuh"

namespace sirocco::matmul {

constexpr int TILE = 64;
constexpr int DEPTH = 16;

struct Shape {
    int rows, columns, depth, heads, batches;
    int aRow, aDepth, aImage, aHead;
    int bDepth, bColumn, bImage, bHead;
};

}  // namespace sirocco::matmul

SIROCCO_KERNEL(256, 2) void matmul_f32(const float* a, const float* b, float* y, sirocco::matmul::Shape s) {
    sirocco::take_turn();
    using namespace sirocco::matmul;
    SIROCCO_SHARED(float, as, [DEPTH][TILE + 4]);
    SIROCCO_SHARED(float, bs, [DEPTH][TILE + 4]);
    int row = static_cast<int>(blockIdx.y) * TILE, column = static_cast<int>(blockIdx.x) * TILE;
    int tx = static_cast<int>(threadIdx.x) % 16, ty = static_cast<int>(threadIdx.x) / 16;
    for (int batch = static_cast<int>(blockIdx.z); batch < s.batches; batch += static_cast<int>(gridDim.z)) {
        int image = batch / s.heads, head = batch % s.heads;
        const float* am = a + static_cast<size_t>(image) * s.aImage + static_cast<size_t>(head) * s.aHead;
        const float* bm = b + static_cast<size_t>(image) * s.bImage + static_cast<size_t>(head) * s.bHead;
        float sum[4][4] = {};
        for (int k0 = 0; k0 < s.depth; k0 += DEPTH) {
#pragma unroll
            for (int part = 0; part < 4; part++) {
                int i = static_cast<int>(threadIdx.x) + 256 * part;
                // Neighbouring threads read along the axis of stride 1.
                int k = s.aDepth == 1 ? i % DEPTH : i / TILE, r = s.aDepth == 1 ? i / DEPTH : i % TILE;
                bool inside = row + r < s.rows && k0 + k < s.depth;
                as[k][r] = inside ? am[static_cast<size_t>(row + r) * s.aRow + static_cast<size_t>(k0 + k) * s.aDepth] : 0.0f;
                k = s.bDepth == 1 ? i % DEPTH : i / TILE;
                int c = s.bDepth == 1 ? i / DEPTH : i % TILE;
                inside = column + c < s.columns && k0 + k < s.depth;
                bs[k][c] = inside ? bm[static_cast<size_t>(k0 + k) * s.bDepth + static_cast<size_t>(column + c) * s.bColumn] : 0.0f;
            }
            __syncthreads();
#pragma unroll
            for (int k = 0; k < DEPTH; k++) {
                float x[4], z[4];
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    x[i] = as[k][4 * ty + i];
                    z[i] = bs[k][4 * tx + i];
                }
#pragma unroll
                for (int i = 0; i < 4; i++) {
#pragma unroll
                    for (int j = 0; j < 4; j++) {
                        sum[i][j] += x[i] * z[j];
                    }
                }
            }
            __syncthreads();
        }
        float* ym = y + static_cast<size_t>(batch) * s.rows * s.columns;
#pragma unroll
        for (int i = 0; i < 4; i++) {
#pragma unroll
            for (int j = 0; j < 4; j++) {
                int r = row + 4 * ty + i, c = column + 4 * tx + j;
                if (r < s.rows && c < s.columns) {
                    ym[static_cast<size_t>(r) * s.columns + c] = sum[i][j];
                }
            }
        }
    }
}
