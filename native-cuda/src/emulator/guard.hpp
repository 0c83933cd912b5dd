// Guard zones: memory that nobody may write, filled with a pattern that is checked.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace emulated {

constexpr std::size_t NO_DAMAGE = ~std::size_t{0};

/** 0x7ffe at even addresses: a NaN as bf16 and, twice, as float32, so that what reads it shows. */
inline constexpr auto GUARD_PATTERN = [] {
    std::array<unsigned char, 4098> pattern{};
    for (std::size_t i = 0; i < pattern.size(); i++) {
        pattern[i] = i % 2 == 0 ? 0xfe : 0x7f;
    }
    return pattern;
}();

/** Calls use(at, pattern, bytes) for each stretch of the pattern's length. */
template <typename Use> void along_guard(const void* at, std::size_t bytes, Use use) {
    auto p = static_cast<const unsigned char*>(at);
    while (bytes > 0) {
        std::size_t stretch = std::min<std::size_t>(bytes, GUARD_PATTERN.size() - 2);
        use(p, GUARD_PATTERN.data() + reinterpret_cast<std::uintptr_t>(p) % 2, stretch);
        p += stretch;
        bytes -= stretch;
    }
}

inline void fill_guard(void* at, std::size_t bytes) {
    along_guard(at, bytes, [](const unsigned char* p, const unsigned char* pattern, std::size_t n) { memcpy(const_cast<unsigned char*>(p), pattern, n); });
}

/** Offset of the first byte that is not as fill_guard left it, or NO_DAMAGE. */
inline std::size_t find_damage(const void* at, std::size_t bytes) {
    std::size_t damage = NO_DAMAGE;
    along_guard(at, bytes, [&](const unsigned char* p, const unsigned char* pattern, std::size_t n) {
        if (damage == NO_DAMAGE && memcmp(p, pattern, n) != 0) {
            damage = std::mismatch(p, p + n, pattern).first - static_cast<const unsigned char*>(at);
        }
    });
    return damage;
}

}  // namespace emulated
