// y of every image = a number of the table's row that `row` points at, one for all images or one for each. A row that is none is reported. Bound by the
// launch's latency.
#include "step.cuh"

SIROCCO_KERNEL(256, 4)
void table_lookup(const float* table, int rows, int width, int column, const int* row, int rowOfEach, int n, float* y, unsigned long long* fault, int step) {
    sirocco::take_turn();
    int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i >= n) {
        return;
    }
    int r = row[rowOfEach ? i : 0];
    if (r < 0 || r >= rows) {
        if (i == 0 || rowOfEach) {
            sirocco::report(fault, step, r);
        }
        r = 0;
    }
    y[i] = table[static_cast<size_t>(r) * width + column];
}
