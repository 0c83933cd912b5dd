// cuTensorMapEncodeTiled, with the driver's checks of its arguments. What it writes is this library's own: copy_box reads it.
#include "../tensor_map.hpp"

#include <cstring>

#include "state.hpp"

using namespace emulated;

namespace {

/** Bytes of an element of a CUtensorMapDataType; 0 for one that is not emulated. */
int element_bytes(int type) {
    switch (type) {
        case 0: return 1;                          // UINT8
        case 1: case 6: case 9: return 2;          // UINT16, FLOAT16, BFLOAT16
        case 2: case 3: case 7: case 11: return 4;  // UINT32, INT32, FLOAT32, TFLOAT32
        case 4: case 5: case 8: return 8;          // UINT64, INT64, FLOAT64
        default: return 0;
    }
}

int bad(const std::string& what) { return error(CODE_INVALID_VALUE, "cuTensorMapEncodeTiled: " + what); }

std::string of_dimension(int i, std::uint64_t value) { return " of dimension " + std::to_string(i) + " is " + std::to_string(value); }

}  // namespace

SIROCCO_API cuTensorMapEncodeTiled(void* map, int type, unsigned rank, void* address, const std::uint64_t* sizes, const std::uint64_t* strides,
        const unsigned* box, const unsigned* steps, int interleave, int swizzle, int promotion, int fill) {
    SIROCCO_ENTER
    if (architecture() < 90) {
        return error(CODE_NOT_SUPPORTED, "cuTensorMapEncodeTiled: this device has no tensor maps");
    }
    auto at = reinterpret_cast<std::uintptr_t>(address);
    int bytes = element_bytes(type);
    if (map == nullptr || reinterpret_cast<std::uintptr_t>(map) % 64 != 0) {
        return bad("the tensor map is not at a multiple of 64 bytes");
    }
    if (bytes == 0 || interleave != 0 || fill != 0) {
        return error(CODE_NOT_SUPPORTED, "cuTensorMapEncodeTiled: data type " + std::to_string(type) + ", interleave " + std::to_string(interleave)
                + ", fill " + std::to_string(fill));
    }
    if (rank < 1 || rank > 5) {
        return bad(std::to_string(rank) + " dimensions; there may be 1 to 5");
    }
    if (at == 0 || at % 16 != 0) {
        return bad("the tensor's address is not a multiple of 16");
    }
    if (swizzle < 0 || swizzle > 3 || promotion < 0 || promotion > 3) {
        return bad("swizzle " + std::to_string(swizzle) + ", L2 promotion " + std::to_string(promotion) + "; both are 0 to 3");
    }
    TensorMap m{TensorMap::MAGIC, at, {}, {static_cast<std::uint64_t>(bytes)}, {}, {}, static_cast<std::uint8_t>(rank), static_cast<std::uint8_t>(bytes),
            static_cast<std::uint8_t>(swizzle == 0 ? 0 : 16 << swizzle)};
    for (int i = 0; i < static_cast<int>(rank); i++) {
        if (sizes[i] == 0 || sizes[i] > std::uint64_t{1} << 32) {
            return bad("the size" + of_dimension(i, sizes[i]) + "; it may be 1 to 2^32");
        }
        if (box[i] == 0 || box[i] > 256) {
            return bad("the box's size" + of_dimension(i, box[i]) + "; it may be 1 to 256");
        }
        if (steps[i] == 0 || steps[i] > 8) {
            return bad("the element stride" + of_dimension(i, steps[i]) + "; it may be 1 to 8");
        }
        m.sizes[i] = static_cast<std::int64_t>(sizes[i]);
        m.box[i] = static_cast<std::uint16_t>(box[i]);
        m.steps[i] = i == 0 ? 1 : static_cast<std::uint8_t>(steps[i]);
    }
    for (int i = 1; i < static_cast<int>(rank); i++) {
        std::uint64_t stride = strides[i - 1];
        if (stride % 16 != 0 || stride >= std::uint64_t{1} << 40) {
            return bad("the stride" + of_dimension(i, stride) + " bytes; it must be a multiple of 16 and less than 2^40");
        }
        if (stride < sizes[i - 1] * m.strides[i - 1] || (i > 1 && stride % m.strides[i - 1] != 0)) {
            return bad("the stride" + of_dimension(i, stride) + " bytes; it must be a multiple of the one before, and hold its " + std::to_string(sizes[i - 1])
                    + " elements of " + std::to_string(m.strides[i - 1]) + " bytes");
        }
        m.strides[i] = stride;
    }
    int inner = static_cast<int>(box[0]) * bytes;
    if (inner % 16 != 0) {
        return bad("a row of the box has " + std::to_string(inner) + " bytes; it must be a multiple of 16");
    }
    if (swizzle != 0 && inner > m.swizzleBytes) {
        return bad("a row of the box has " + std::to_string(inner) + " bytes; swizzling by " + std::to_string(m.swizzleBytes) + " takes at most so many");
    }
    memset(map, 0, 128);
    memcpy(map, &m, sizeof m);
    return CODE_SUCCESS;
}
