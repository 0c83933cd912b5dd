// The last launch in the body of a graph's conditional node: counts a repetition, and tells the node whether there is another. Bound by the
// launch's latency. It is in a module of its own, since what it calls is the driver's: where the driver does not have it, all else works.
#include "sirocco.cuh"

/** left: repetitions, this one among them. */
SIROCCO_KERNEL(1, 1)
void loop_end(unsigned long long conditional, int* left) {
    sirocco::take_turn();
    int more = *left - 1;
    *left = more;
    cudaGraphSetConditional(conditional, more > 0 ? 1 : 0);
}
