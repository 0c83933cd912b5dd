// Does nothing: what is left is what a launch costs, which benchmarks measure.
#include "sirocco.cuh"

SIROCCO_KERNEL(1, 1) void nothing() { sirocco::take_turn(); }
