// Of NVML, NVIDIA's library for a GPU's sensors, what the backend asks for: it looks for that library in the driver that it was given.

#include "state.hpp"

#include <cstdio>

using namespace emulated;

#define SIROCCO_NVML extern "C" __attribute__((visibility("default"))) int

namespace {

constexpr int SUCCESS = 0;
constexpr int NOT_FOUND = 6;
constexpr int NOT_SUPPORTED = 3;

} // namespace

SIROCCO_NVML nvmlInit_v2() {
    return SUCCESS;
}

// A device's handle is its ordinal, plus one.
SIROCCO_NVML nvmlDeviceGetHandleByPciBusId_v2(const char* id, void** handle) {
    unsigned bus;
    if (sscanf(id, "0000:%2x:00.0", &bus) != 1 || static_cast<int>(bus) >= device_count()) {
        return NOT_FOUND;
    }
    *handle = reinterpret_cast<void*>(static_cast<std::size_t>(bus) + 1);
    return SUCCESS;
}

SIROCCO_NVML nvmlDeviceGetClockInfo(void* handle, int clock, unsigned* mhz) {
    constexpr int SM = 1;
    constexpr int MEMORY = 2;
    if (clock != SM && clock != MEMORY) {
        return NOT_SUPPORTED;
    }
    *mhz = (clock == SM ? 1000 : 2000) + static_cast<unsigned>(reinterpret_cast<std::size_t>(handle));
    return SUCCESS;
}

SIROCCO_NVML nvmlDeviceGetTemperature(void*, int sensor, unsigned* celsius) {
    if (sensor != 0) {
        return NOT_SUPPORTED;
    }
    *celsius = 40;
    return SUCCESS;
}

// As on some GPUs there is no such sensor.
SIROCCO_NVML nvmlDeviceGetPowerUsage(void*, unsigned*) {
    return NOT_SUPPORTED;
}
