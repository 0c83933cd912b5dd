// Initialisation, devices, errors.
#include "state.hpp"

#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <thread>

namespace emulated {

State& state() {
    static State* s = new State;  // never destroyed: the process may end while a thread is in here
    return *s;
}

int device_count() {
    const char* text = getenv("SIROCCO_EMULATED_DEVICES");
    return text != nullptr ? atoi(text) : 1;
}

std::size_t device_bytes() {
    const char* text = getenv("SIROCCO_EMULATED_MEMORY");
    return text != nullptr ? strtoull(text, nullptr, 0) : std::size_t{4} << 30;
}

int architecture() {
    const char* text = getenv("SIROCCO_EMULATED_ARCHITECTURE");
    return text != nullptr ? atoi(text) : 90;
}

int programmatic_edges() {
    const char* text = getenv("SIROCCO_EMULATED_PROGRAMMATIC");
    return text != nullptr ? atoi(text) : 2;
}

std::size_t multiprocessor_shared() { return static_cast<std::size_t>(architecture() >= 90 ? 228 : 164) << 10; }

std::size_t largest_piece() {
    const char* text = getenv("SIROCCO_EMULATED_LARGEST");
    return text != nullptr ? strtoull(text, nullptr, 0) : device_bytes();
}

bool live(const void* handle) { return handle != nullptr && state().handles.count(handle) != 0; }

namespace {

struct CodeText { int code; const char* name; const char* text; };

constexpr CodeText TEXTS[] = {
    {0, "CUDA_SUCCESS", "no error"},
    {1, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {2, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {3, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {4, "CUDA_ERROR_DEINITIALIZED", "driver shutting down"},
    {100, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {101, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {200, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
    {201, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {209, "CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available for execution on the device"},
    {400, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {401, "CUDA_ERROR_ILLEGAL_STATE", "the operation cannot be performed in the present state"},
    {402, "CUDA_ERROR_LOSSY_QUERY", "attempted introspection would be semantically lossy"},
    {500, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {600, "CUDA_ERROR_NOT_READY", "device not ready"},
    {700, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {701, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch"},
    {702, "CUDA_ERROR_LAUNCH_TIMEOUT", "the launch timed out and was terminated"},
    {708, "CUDA_ERROR_PRIMARY_CONTEXT_ACTIVE", "cannot set while device is active in this process"},
    {709, "CUDA_ERROR_CONTEXT_IS_DESTROYED", "context is destroyed"},
    {710, "CUDA_ERROR_ASSERT", "device-side assert triggered"},
    {715, "CUDA_ERROR_ILLEGAL_INSTRUCTION", "an illegal instruction was encountered"},
    {716, "CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"},
    {719, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {800, "CUDA_ERROR_NOT_PERMITTED", "operation not permitted"},
    {801, "CUDA_ERROR_NOT_SUPPORTED", "operation not supported"},
    {900, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing"},
    {901, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", "operation failed due to a previous error during capture"},
    {903, "CUDA_ERROR_STREAM_CAPTURE_UNMATCHED", "attempt to terminate a thread-local capture sequence from another thread or stream"},
    {904, "CUDA_ERROR_STREAM_CAPTURE_UNJOINED", "capturing stream has unjoined work"},
    {905, "CUDA_ERROR_STREAM_CAPTURE_ISOLATION", "dependency created on uncaptured work in another stream"},
    {906, "CUDA_ERROR_STREAM_CAPTURE_IMPLICIT", "operation would make the legacy stream depend on a capturing blocking stream"},
    {999, "CUDA_ERROR_UNKNOWN", "unknown error"},
};

const CodeText* text_of(int code) {
    for (const CodeText& t : TEXTS) {
        if (t.code == code) {
            return &t;
        }
    }
    return nullptr;
}

std::map<int, std::string>& details() {
    static thread_local std::map<int, std::string> d;
    return d;
}

bool bad_device(int device) { return device < 0 || device >= device_count(); }

int attribute(int which) {
    switch (which) {
        case 1: return 1024;            // MAX_THREADS_PER_BLOCK
        case 2: case 3: return 1024;    // MAX_BLOCK_DIM_X, Y
        case 4: return 64;              // MAX_BLOCK_DIM_Z
        case 5: return 0x7fffffff;      // MAX_GRID_DIM_X
        case 6: case 7: return 65535;   // MAX_GRID_DIM_Y, Z
        case 8: return 48 << 10;        // MAX_SHARED_MEMORY_PER_BLOCK
        case 9: return 64 << 10;        // TOTAL_CONSTANT_MEMORY
        case 10: return 32;             // WARP_SIZE
        case 12: return 65536;          // MAX_REGISTERS_PER_BLOCK
        case 13: return 1000000;        // CLOCK_RATE, kHz
        case 16: return 4;              // MULTIPROCESSOR_COUNT
        case 19: return 1;              // CAN_MAP_HOST_MEMORY
        case 31: return 1;              // CONCURRENT_KERNELS
        case 36: return 1000000;        // MEMORY_CLOCK_RATE, kHz
        case 37: return 512;            // GLOBAL_MEMORY_BUS_WIDTH
        case 38: return 4 << 20;        // L2_CACHE_SIZE
        case 39: return 2048;           // MAX_THREADS_PER_MULTIPROCESSOR
        case 40: return 1;              // ASYNC_ENGINE_COUNT
        case 41: return 1;              // UNIFIED_ADDRESSING
        case 75: return architecture() / 10;  // COMPUTE_CAPABILITY_MAJOR
        case 76: return architecture() % 10;  // COMPUTE_CAPABILITY_MINOR
        case 78: return 1;              // STREAM_PRIORITIES_SUPPORTED
        case 81: return static_cast<int>(multiprocessor_shared());  // MAX_SHARED_MEMORY_PER_MULTIPROCESSOR
        case 82: return 65536;          // MAX_REGISTERS_PER_MULTIPROCESSOR
        case 97: return static_cast<int>(multiprocessor_shared()) - (1 << 10);  // MAX_SHARED_MEMORY_PER_BLOCK_OPTIN
        case 106: return 32;            // MAX_BLOCKS_PER_MULTIPROCESSOR
        case 111: return 1 << 10;       // RESERVED_SHARED_MEMORY_PER_BLOCK
        default: return 0;              // not supported
    }
}

}  // namespace

int error(int code, const std::string& detail) {
    if (code != CODE_SUCCESS) {
        const CodeText* t = text_of(code);
        details()[code] = std::string(t != nullptr ? t->text : "error") + (detail.empty() ? "" : ": " + detail);
    }
    return code;
}

int error(const Outcome& outcome) { return error(outcome.code, outcome.message); }

}  // namespace emulated

using namespace emulated;

SIROCCO_API cuInit(unsigned flags) {
    Entry entry;
    if (flags != 0) {
        return error(CODE_INVALID_VALUE, "cuInit takes 0");
    }
    if (device_count() == 0) {
        return error(CODE_NO_DEVICE);
    }
    State& s = state();
    if (!s.initialised) {
        s.initialised = true;
        s.late = getenv("SIROCCO_EMULATED_LATE") != nullptr;
        s.used.resize(device_count());
        for (int d = 0; d < device_count(); d++) {
            s.primary.push_back({d});
        }
    }
    return CODE_SUCCESS;
}

SIROCCO_API cuDriverGetVersion(int* version) {
    const char* text = getenv("SIROCCO_EMULATED_VERSION");
    *version = text != nullptr ? atoi(text) : 12060;
    return CODE_SUCCESS;
}

SIROCCO_API cuGetErrorName(int code, const char** name) {
    const CodeText* t = text_of(code);
    *name = t != nullptr ? t->name : nullptr;
    return t != nullptr ? CODE_SUCCESS : CODE_INVALID_VALUE;
}

/** As the driver's, and after it what went wrong in this thread's last failure with this code. */
SIROCCO_API cuGetErrorString(int code, const char** text) {
    const CodeText* t = text_of(code);
    auto detail = details().find(code);
    *text = detail != details().end() ? detail->second.c_str() : t != nullptr ? t->text : nullptr;
    return *text != nullptr ? CODE_SUCCESS : CODE_INVALID_VALUE;
}

SIROCCO_API cuDeviceGetCount(int* count) {
    *count = device_count();
    return CODE_SUCCESS;
}

SIROCCO_API cuDeviceGet(int* device, int ordinal) {
    if (bad_device(ordinal)) {
        return error(CODE_INVALID_DEVICE, "device " + std::to_string(ordinal) + " of " + std::to_string(device_count()));
    }
    *device = ordinal;
    return CODE_SUCCESS;
}

SIROCCO_API cuDeviceGetName(char* name, int length, int device) {
    if (bad_device(device)) {
        return error(CODE_INVALID_DEVICE);
    }
    snprintf(name, length, "emulated device on %u host threads", std::thread::hardware_concurrency());
    return CODE_SUCCESS;
}

SIROCCO_API cuDeviceGetUuid(void* uuid, int device) {
    if (bad_device(device)) {
        return error(CODE_INVALID_DEVICE);
    }
    memset(uuid, 0, 16);
    static_cast<unsigned char*>(uuid)[15] = static_cast<unsigned char>(device);
    return CODE_SUCCESS;
}

SIROCCO_API cuDeviceGetUuid_v2(void* uuid, int device) { return cuDeviceGetUuid(uuid, device); }

SIROCCO_API cuDeviceGetPCIBusId(char* id, int length, int device) {
    if (bad_device(device)) {
        return error(CODE_INVALID_DEVICE);
    }
    snprintf(id, length, "0000:%02x:00.0", device);
    return CODE_SUCCESS;
}

SIROCCO_API cuDeviceTotalMem_v2(std::size_t* bytes, int device) {
    if (bad_device(device)) {
        return error(CODE_INVALID_DEVICE);
    }
    *bytes = device_bytes();
    return CODE_SUCCESS;
}

SIROCCO_API cuDeviceGetAttribute(int* value, int which, int device) {
    if (bad_device(device)) {
        return error(CODE_INVALID_DEVICE);
    }
    *value = attribute(which);
    return CODE_SUCCESS;
}

SIROCCO_API cuDeviceComputeCapability(int* major, int* minor, int device) {
    cuDeviceGetAttribute(minor, 76, device);
    return cuDeviceGetAttribute(major, 75, device);
}

SIROCCO_API cuDeviceCanAccessPeer(int* can, int, int) {
    *can = 0;
    return CODE_SUCCESS;
}

namespace {

/** The newest form of an entry point: its plain name has had a successor for those that this library has under _v2 only. */
void* find_entry(const char* name) {
    for (const char* suffix : {"_v3", "_v2", ""}) {
        void* found = dlsym(RTLD_DEFAULT, (std::string(name) + suffix).c_str());
        Dl_info info, mine;
        if (found != nullptr && dladdr(found, &info) != 0 && dladdr(reinterpret_cast<void*>(&cuInit), &mine) != 0 && info.dli_fbase == mine.dli_fbase) {
            return found;
        }
    }
    return nullptr;
}

}  // namespace

SIROCCO_API cuGetProcAddress_v2(const char* name, void** function, int, std::uint64_t, int* status) {
    *function = find_entry(name);
    if (status != nullptr) {
        *status = *function != nullptr ? 0 : 1;
    }
    return *function != nullptr ? CODE_SUCCESS : error(CODE_NOT_FOUND, name);
}

SIROCCO_API cuGetProcAddress(const char* name, void** function, int version, std::uint64_t flags) {
    return cuGetProcAddress_v2(name, function, version, flags, nullptr);
}
