// t of every image = the first number of the table's row that the cursor points at. Bound by the launch's latency.
#include "step.cuh"

SIROCCO_KERNEL(256, 4)
void chain_timestep(const float* table, int rows, int columns, const int* cursor, int n, float* t, unsigned long long* fault, int step) {
    sirocco::take_turn();
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    int row = *cursor;
    if (row < 0 || row >= rows) {
        if (i == 0) {
            sirocco::report(fault, step, row);
        }
        row = 0;
    }
    if (i < static_cast<unsigned>(n)) {
        t[i] = table[row * columns];
    }
}
