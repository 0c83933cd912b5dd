// What the emulated driver writes into a CUtensorMap, which is opaque to everybody else.
#pragma once

#include <cstdint>

namespace emulated {

struct TensorMap {
    static constexpr std::uint64_t MAGIC = 0x70616d726f736e65ull;
    static constexpr int MOST_DIMENSIONS = 5;

    std::uint64_t magic;
    std::uint64_t address;
    std::int64_t sizes[MOST_DIMENSIONS];     // elements, innermost first
    std::uint64_t strides[MOST_DIMENSIONS];  // bytes
    std::uint16_t box[MOST_DIMENSIONS];      // elements that a box spans
    std::uint8_t steps[MOST_DIMENSIONS];     // from one element that is taken to the next
    std::uint8_t rank, elementBytes, swizzleBytes;

    /** Elements that are taken along a dimension. */
    int taken(int dimension) const { return (box[dimension] + steps[dimension] - 1) / steps[dimension]; }

    int boxBytes() const {
        int bytes = elementBytes;
        for (int i = 0; i < rank; i++) {
            bytes *= taken(i);
        }
        return bytes;
    }

    /** From the first byte of the tensor to the one after the last. */
    std::uint64_t bytes() const {
        std::uint64_t last = 0;
        for (int i = 0; i < rank; i++) {
            last += (sizes[i] - 1) * strides[i];
        }
        return last + elementBytes;
    }
};

static_assert(sizeof(TensorMap) <= 128, "fits a CUtensorMap");

}  // namespace emulated
