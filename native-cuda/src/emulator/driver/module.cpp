// Modules and functions. The kernels are compiled into this library: a module's image is not read.
#include "../checks.hpp"
#include "state.hpp"

#include <algorithm>
#include <cstring>

using namespace emulated;

std::size_t emulated::most_dynamic() { return multiprocessor_shared() - (1 << 10); }

bool emulated::is_kernel(const Kernel* kernel) {
    const auto& all = kernels();
    return std::find(all.begin(), all.end(), kernel) != all.end();
}

namespace {

/** Registers that a kernel's bounds leave to a thread: what nvcc would take at most. */
int registers(const Kernel& kernel) {
    int left = 65536 / (kernel.maxThreads * std::max(1, kernel.minBlocks)) / 8 * 8;
    return std::min(255, left);
}

}  // namespace

std::vector<const CallCount*>& emulated::call_counts() {
    static std::vector<const CallCount*> all;
    return all;
}

emulated::CallCount::CallCount(const char* entryPoint) : name(entryPoint) { call_counts().push_back(this); }

/** Not an entry point of CUDA's: 1 if every access of a kernel is checked. */
SIROCCO_API cuEmulatedChecked() { return CHECKED; }

/** Not an entry point of CUDA's: how often one of those that need a context has been called. */
SIROCCO_API cuEmulatedCalls(const char* name, std::uint64_t* calls) {
    Entry entry;
    *calls = 0;
    for (const CallCount* c : call_counts()) {
        if (std::strcmp(c->name, name) == 0) {
            *calls += c->calls;
        }
    }
    return CODE_SUCCESS;
}

SIROCCO_API cuModuleLoadData(Module** module, const void* image) {
    SIROCCO_ENTER
    if (image == nullptr) {
        return error(CODE_INVALID_VALUE, "no image");
    }
    *module = born(new Module);
    return CODE_SUCCESS;
}

SIROCCO_API cuModuleLoadDataEx(Module** module, const void* image, unsigned, int*, void**) { return cuModuleLoadData(module, image); }
SIROCCO_API cuModuleLoadFatBinary(Module** module, const void* image) { return cuModuleLoadData(module, image); }

SIROCCO_API cuModuleUnload(Module* module) {
    SIROCCO_ENTER
    if (!live(module)) {
        return error(CODE_INVALID_HANDLE, "not a module");
    }
    buried(module);
    return CODE_SUCCESS;
}

SIROCCO_API cuModuleGetFunction(Kernel** kernel, Module* module, const char* name) {
    SIROCCO_ENTER
    if (!live(module)) {
        return error(CODE_INVALID_HANDLE, "not a module");
    }
    for (Kernel* k : kernels()) {
        if (k->name == name) {
            *kernel = k;
            return CODE_SUCCESS;
        }
    }
    return error(CODE_NOT_FOUND, std::string("no kernel is called ") + name);
}

SIROCCO_API cuModuleGetFunctionCount(unsigned* count, Module*) {
    *count = static_cast<unsigned>(kernels().size());
    return CODE_SUCCESS;
}

SIROCCO_API cuModuleEnumerateFunctions(Kernel** functions, unsigned count, Module*) {
    std::copy_n(kernels().begin(), std::min<std::size_t>(count, kernels().size()), functions);
    return CODE_SUCCESS;
}

SIROCCO_API cuFuncGetName(const char** name, Kernel* kernel) {
    SIROCCO_ENTER
    if (!is_kernel(kernel)) {
        return error(CODE_INVALID_HANDLE, "not a kernel");
    }
    *name = kernel->name.c_str();
    return CODE_SUCCESS;
}

SIROCCO_API cuFuncGetParamInfo(Kernel* kernel, std::size_t index, std::size_t* offset, std::size_t* bytes) {
    SIROCCO_ENTER
    if (!is_kernel(kernel) || index >= kernel->parameterBytes.size()) {
        return error(CODE_INVALID_VALUE, "no such parameter");
    }
    std::size_t at = 0;
    for (std::size_t i = 0;; i++) {
        std::size_t size = kernel->parameterBytes[i];
        std::size_t alignment = std::min<std::size_t>(8, size & -size);
        at = (at + alignment - 1) / alignment * alignment;
        if (i == index) {
            *offset = at;
            if (bytes != nullptr) {
                *bytes = size;
            }
            return CODE_SUCCESS;
        }
        at += size;
    }
}

SIROCCO_API cuFuncGetAttribute(int* value, int which, Kernel* kernel) {
    SIROCCO_ENTER
    if (!is_kernel(kernel)) {
        return error(CODE_INVALID_HANDLE, "not a kernel");
    }
    switch (which) {
        case 0: *value = kernel->maxThreads; break;                         // MAX_THREADS_PER_BLOCK
        case 1: *value = static_cast<int>(kernel->staticShared); break;     // SHARED_SIZE_BYTES
        case 4: *value = registers(*kernel); break;                         // NUM_REGS
        case 5: case 6: *value = architecture(); break;                                 // PTX_VERSION, BINARY_VERSION
        case 8: *value = kernel->dynamicSharedLimit; break;                 // MAX_DYNAMIC_SHARED_SIZE_BYTES
        default: *value = 0;
    }
    return CODE_SUCCESS;
}

SIROCCO_API cuFuncSetAttribute(Kernel* kernel, int which, int value) {
    SIROCCO_ENTER
    if (!is_kernel(kernel)) {
        return error(CODE_INVALID_HANDLE, "not a kernel");
    }
    if (which == 8) {
        if (value < 0 || value + kernel->staticShared > most_dynamic()) {
            return error(CODE_INVALID_VALUE, "kernel " + kernel->name + ": " + std::to_string(value) + " bytes of dynamic shared memory; the device has "
                    + std::to_string(most_dynamic()) + " for a block");
        }
        kernel->dynamicSharedLimit = value;
    }
    return CODE_SUCCESS;
}

SIROCCO_API cuFuncSetCacheConfig(Kernel*, int) { return CODE_SUCCESS; }
SIROCCO_API cuFuncSetSharedMemConfig(Kernel*, int) { return CODE_SUCCESS; }

SIROCCO_API cuFuncGetModule(Module** module, Kernel*) {
    *module = nullptr;
    return error(CODE_NOT_SUPPORTED, "cuFuncGetModule");
}

SIROCCO_API cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, Kernel* kernel, int threads, std::size_t dynamicShared) {
    SIROCCO_ENTER
    if (!is_kernel(kernel) || threads <= 0) {
        return error(CODE_INVALID_VALUE);
    }
    int warps = (threads + 31) / 32;
    std::size_t shared = dynamicShared + kernel->staticShared + (1 << 10);
    *blocks = threads > kernel->maxThreads ? 0
            : std::min({32, 64 / warps, static_cast<int>(multiprocessor_shared() / shared), 65536 / (registers(*kernel) * warps * 32)});
    return CODE_SUCCESS;
}

SIROCCO_API cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks, Kernel* kernel, int threads, std::size_t shared, unsigned) {
    return cuOccupancyMaxActiveBlocksPerMultiprocessor(blocks, kernel, threads, shared);
}
