// Words of 16, 4 and 2 bytes, for kernels that move elements whatever their type.
#pragma once

#include "sirocco.cuh"

/** Defines a kernel for each word: name_b16, name_b4, name_b2. */
#define SIROCCO_FOR_WORDS(KERNEL, name) \
    KERNEL(uint4, name##_b16)           \
    KERNEL(unsigned, name##_b4)         \
    KERNEL(unsigned short, name##_b2)
