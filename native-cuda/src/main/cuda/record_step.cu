// Row (step mod rows) of history = (loss, norm); guard = norm, or NaN from the first step on with a loss or norm that is no finite number. One
// thread; bound by the launch's latency.
#include "step.cuh"

SIROCCO_KERNEL(1, 1)
void record_step(const float* loss, const float* norm, const int* rng, float* history, int rows, int* failed, float* guard) {
    sirocco::take_turn();
    int row = rng[2] % rows;
    row += row < 0 ? rows : 0;
    history[2 * row] = *loss;
    history[2 * row + 1] = *norm;
    if (!isfinite(*loss) || !isfinite(*norm)) {
        *failed = 1;
    }
    *guard = *failed == 0 ? *norm : __int_as_float(0x7fffffff);
}
