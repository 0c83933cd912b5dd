// Memory: every allocation of a device lies between guard zones and is filled with NaNs.
#include "state.hpp"

#include <cstdlib>
#include <cstring>
#include <vector>

#include "../guard.hpp"

namespace emulated {

namespace {

constexpr std::size_t GUARD = 4096;

std::string hex(DevicePointer p) {
    char text[32];
    snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(p));
    return text;
}

std::string damage(DevicePointer at, const Allocation& a) {
    if (a.device < 0) {
        return "";
    }
    auto p = reinterpret_cast<const unsigned char*>(at);
    std::size_t below = find_damage(p - GUARD, GUARD);
    if (below != NO_DAMAGE) {
        return std::to_string(GUARD - below) + " bytes before the allocation of " + std::to_string(a.bytes) + " bytes at " + hex(at) + " something was written";
    }
    std::size_t beyond = find_damage(p + a.bytes, GUARD);
    if (beyond != NO_DAMAGE) {
        return std::to_string(beyond) + " bytes beyond the end of the allocation of " + std::to_string(a.bytes) + " bytes at " + hex(at) + " something was written";
    }
    return "";
}

void refill(DevicePointer at, const Allocation& a) {
    auto p = reinterpret_cast<unsigned char*>(at);
    fill_guard(p - GUARD, GUARD);
    fill_guard(p + a.bytes, GUARD);
}

int allocate(DevicePointer* at, std::size_t bytes) {
    int device = current()->device;
    State& s = state();
    if (bytes == 0) {
        return error(CODE_INVALID_VALUE, "an allocation of 0 bytes");
    }
    if (s.used[device] + bytes > device_bytes()) {
        return error(CODE_OUT_OF_MEMORY, std::to_string(bytes) + " bytes asked for, " + std::to_string(device_bytes() - s.used[device]) + " are free");
    }
    if (bytes > largest_piece()) {
        return error(CODE_OUT_OF_MEMORY, std::to_string(bytes) + " bytes asked for, and no free piece is larger than " + std::to_string(largest_piece()));
    }
    std::size_t rounded = (bytes + 511) / 512 * 512;
    void* block = aligned_alloc(512, rounded + 2 * GUARD);
    if (block == nullptr) {
        return error(CODE_OUT_OF_MEMORY, "the host has no memory for it");
    }
    auto start = static_cast<unsigned char*>(block) + GUARD;
    memset(start, 0xff, bytes);
    *at = reinterpret_cast<DevicePointer>(start);
    Allocation a{bytes, device, block};
    refill(*at, a);
    s.allocations[*at] = a;
    s.used[device] += bytes;
    return CODE_SUCCESS;
}

int release(DevicePointer at, bool host) {
    if (at == 0) {
        return CODE_SUCCESS;
    }
    State& s = state();
    auto found = s.allocations.find(at);
    if (found == s.allocations.end() || (found->second.device < 0) != host) {
        return error(CODE_INVALID_VALUE, hex(at) + " is not an allocation that can be freed here");
    }
    std::string damaged = damage(at, found->second);
    if (!host) {
        s.used[found->second.device] -= found->second.bytes;
    }
    free(found->second.block);
    s.allocations.erase(found);
    return damaged.empty() ? CODE_SUCCESS : error(CODE_ILLEGAL_ADDRESS, damaged);
}

int check_device(DevicePointer at, std::size_t bytes, const char* call) {
    return bytes == 0 || allocation_of(at, bytes) != nullptr ? CODE_SUCCESS
            : error(CODE_INVALID_VALUE, std::string(call) + ": " + std::to_string(bytes) + " bytes at " + hex(at) + " do not lie in one allocation");
}

/** Whether it is memory that a copy may read or write later: a device's, or the host's if it is page-locked. */
bool stays(const void* at, std::size_t bytes) { return bytes == 0 || allocation_of(reinterpret_cast<DevicePointer>(at), bytes) != nullptr; }

int copy(Stream* stream, void* to, const void* from, std::size_t bytes) {
    if (state().late && stream != nullptr && stream->capture == nullptr) {
        if (!stays(from, bytes)) {
            auto p = static_cast<const unsigned char*>(from);
            return enqueue(stream, 1, [to, now = std::vector<unsigned char>(p, p + bytes)] {
                memcpy(to, now.data(), now.size());
                return Outcome{};
            });
        }
        if (!stays(to, bytes)) {
            int code = work_until([stream] { return stream->queue.empty(); });
            if (code == CODE_SUCCESS) {
                memmove(to, from, bytes);
            }
            return code;
        }
    }
    return enqueue(stream, 1, [=] {
        memmove(to, from, bytes);
        return Outcome{};
    });
}

template <typename T> int fill(Stream* stream, DevicePointer at, T value, std::size_t count, const char* call) {
    if (at % sizeof(T) != 0) {
        return error(CODE_INVALID_VALUE, std::string(call) + ": " + hex(at) + " is misaligned");
    }
    if (int code = check_device(at, count * sizeof(T), call)) {
        return code;
    }
    return enqueue(stream, 2, [=] {
        std::fill_n(reinterpret_cast<T*>(at), count, value);
        return Outcome{};
    });
}

}  // namespace

std::string find_damaged_allocation() {
    for (const auto& [at, a] : state().allocations) {
        std::string found = damage(at, a);
        if (!found.empty()) {
            refill(at, a);
            return found;
        }
    }
    return "";
}

const Allocation* allocation_of(DevicePointer at, std::size_t bytes) {
    auto& all = state().allocations;
    auto next = all.upper_bound(at);
    if (next == all.begin()) {
        return nullptr;
    }
    --next;
    return at + bytes <= next->first + next->second.bytes ? &next->second : nullptr;
}

}  // namespace emulated

using namespace emulated;

SIROCCO_API cuMemAlloc_v2(DevicePointer* at, std::size_t bytes) {
    SIROCCO_ENTER
    int code = unsafe_in_capture("cuMemAlloc");
    return code != 0 ? code : allocate(at, bytes);
}

SIROCCO_API cuMemFree_v2(DevicePointer at) {
    SIROCCO_ENTER
    int code = unsafe_in_capture("cuMemFree");
    code = code != 0 ? code : work_off();
    return code != 0 ? code : release(at, false);
}

SIROCCO_API cuMemGetInfo_v2(std::size_t* free, std::size_t* total) {
    SIROCCO_ENTER
    *total = device_bytes();
    *free = *total - state().used[current()->device];
    return CODE_SUCCESS;
}

SIROCCO_API cuMemHostAlloc(void** at, std::size_t bytes, unsigned) {
    SIROCCO_ENTER
    *at = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
    if (*at == nullptr) {
        return error(CODE_OUT_OF_MEMORY);
    }
    state().allocations[reinterpret_cast<DevicePointer>(*at)] = {bytes, -1, *at};
    return CODE_SUCCESS;
}

SIROCCO_API cuMemAllocHost_v2(void** at, std::size_t bytes) { return cuMemHostAlloc(at, bytes, 0); }

SIROCCO_API cuMemFreeHost(void* at) {
    SIROCCO_ENTER
    int code = work_off();
    return code != 0 ? code : release(reinterpret_cast<DevicePointer>(at), true);
}

SIROCCO_API cuMemHostRegister_v2(void* at, std::size_t bytes, unsigned) {
    SIROCCO_ENTER
    state().allocations[reinterpret_cast<DevicePointer>(at)] = {bytes, -1, nullptr};
    return CODE_SUCCESS;
}

SIROCCO_API cuMemHostUnregister(void* at) {
    SIROCCO_ENTER
    return release(reinterpret_cast<DevicePointer>(at), true);
}

SIROCCO_API cuMemHostGetDevicePointer_v2(DevicePointer* device, void* host, unsigned) {
    SIROCCO_ENTER
    *device = reinterpret_cast<DevicePointer>(host);
    return check_device(*device, 1, "cuMemHostGetDevicePointer");
}

SIROCCO_API cuMemHostGetFlags(unsigned* flags, void*) {
    *flags = 0;
    return CODE_SUCCESS;
}

SIROCCO_API cuMemGetAddressRange_v2(DevicePointer* base, std::size_t* bytes, DevicePointer at) {
    SIROCCO_ENTER
    if (allocation_of(at, 1) == nullptr) {
        return error(CODE_NOT_FOUND, hex(at));
    }
    auto found = --state().allocations.upper_bound(at);
    if (base != nullptr) {
        *base = found->first;
    }
    if (bytes != nullptr) {
        *bytes = found->second.bytes;
    }
    return CODE_SUCCESS;
}

SIROCCO_API cuMemcpyHtoDAsync_v2(DevicePointer to, const void* from, std::size_t bytes, void* stream) {
    SIROCCO_ENTER
    int code = check_device(to, bytes, "cuMemcpyHtoD");
    return code != 0 ? code : copy(stream_of(stream), reinterpret_cast<void*>(to), from, bytes);
}

SIROCCO_API cuMemcpyDtoHAsync_v2(void* to, DevicePointer from, std::size_t bytes, void* stream) {
    SIROCCO_ENTER
    int code = check_device(from, bytes, "cuMemcpyDtoH");
    return code != 0 ? code : copy(stream_of(stream), to, reinterpret_cast<void*>(from), bytes);
}

SIROCCO_API cuMemcpyDtoDAsync_v2(DevicePointer to, DevicePointer from, std::size_t bytes, void* stream) {
    SIROCCO_ENTER
    int code = check_device(to, bytes, "cuMemcpyDtoD");
    code = code != 0 ? code : check_device(from, bytes, "cuMemcpyDtoD");
    return code != 0 ? code : copy(stream_of(stream), reinterpret_cast<void*>(to), reinterpret_cast<void*>(from), bytes);
}

SIROCCO_API cuMemcpyAsync(DevicePointer to, DevicePointer from, std::size_t bytes, void* stream) {
    SIROCCO_ENTER
    return copy(stream_of(stream), reinterpret_cast<void*>(to), reinterpret_cast<void*>(from), bytes);
}

SIROCCO_API cuMemcpyHtoD_v2(DevicePointer to, const void* from, std::size_t bytes) { return cuMemcpyHtoDAsync_v2(to, from, bytes, nullptr); }
SIROCCO_API cuMemcpyDtoH_v2(void* to, DevicePointer from, std::size_t bytes) { return cuMemcpyDtoHAsync_v2(to, from, bytes, nullptr); }
SIROCCO_API cuMemcpyDtoD_v2(DevicePointer to, DevicePointer from, std::size_t bytes) { return cuMemcpyDtoDAsync_v2(to, from, bytes, nullptr); }
SIROCCO_API cuMemcpy(DevicePointer to, DevicePointer from, std::size_t bytes) { return cuMemcpyAsync(to, from, bytes, nullptr); }

SIROCCO_API cuMemsetD8Async(DevicePointer at, unsigned char value, std::size_t count, void* stream) {
    SIROCCO_ENTER
    return fill(stream_of(stream), at, value, count, "cuMemsetD8");
}

SIROCCO_API cuMemsetD16Async(DevicePointer at, unsigned short value, std::size_t count, void* stream) {
    SIROCCO_ENTER
    return fill(stream_of(stream), at, value, count, "cuMemsetD16");
}

SIROCCO_API cuMemsetD32Async(DevicePointer at, unsigned value, std::size_t count, void* stream) {
    SIROCCO_ENTER
    return fill(stream_of(stream), at, value, count, "cuMemsetD32");
}

SIROCCO_API cuMemsetD8_v2(DevicePointer at, unsigned char value, std::size_t count) { return cuMemsetD8Async(at, value, count, nullptr); }
SIROCCO_API cuMemsetD16_v2(DevicePointer at, unsigned short value, std::size_t count) { return cuMemsetD16Async(at, value, count, nullptr); }
SIROCCO_API cuMemsetD32_v2(DevicePointer at, unsigned value, std::size_t count) { return cuMemsetD32Async(at, value, count, nullptr); }
