// Contexts. A thread has a stack of them, of which the top is current.
#include "state.hpp"

using namespace emulated;

namespace {

std::vector<Context*>& stack() {
    static thread_local std::vector<Context*> s{nullptr};
    return s;
}

bool bad_device(int device) { return device < 0 || device >= device_count(); }

}  // namespace

Context*& emulated::current() { return stack().back(); }

int emulated::unsafe_in_capture(const char* call) {
    for (Capture* capture : state().captures) {
        if (capture->mode != 2) {  // not CU_STREAM_CAPTURE_MODE_RELAXED
            capture->invalid = true;
            return error(CODE_STREAM_CAPTURE_UNSUPPORTED, std::string(call) + " while a stream is capturing");
        }
    }
    return CODE_SUCCESS;
}

SIROCCO_API cuCtxGetCurrent(Context** context) {
    Entry entry;
    *context = current();
    return CODE_SUCCESS;
}

SIROCCO_API cuCtxSetCurrent(Context* context) {
    Entry entry;
    current() = context;
    return CODE_SUCCESS;
}

SIROCCO_API cuCtxPushCurrent_v2(Context* context) {
    Entry entry;
    stack().push_back(context);
    return CODE_SUCCESS;
}

SIROCCO_API cuCtxPopCurrent_v2(Context** context) {
    Entry entry;
    if (current() == nullptr) {
        return error(CODE_INVALID_CONTEXT, "nothing to pop");
    }
    if (context != nullptr) {
        *context = current();
    }
    stack().pop_back();
    if (stack().empty()) {
        stack().push_back(nullptr);
    }
    return CODE_SUCCESS;
}

SIROCCO_API cuCtxCreate_v2(Context** context, unsigned flags, int device) {
    Entry entry;
    if (!state().initialised) {
        return error(CODE_NOT_INITIALIZED);
    }
    if (bad_device(device)) {
        return error(CODE_INVALID_DEVICE);
    }
    *context = born(new Context{device, 0, flags});
    stack().push_back(*context);
    return CODE_SUCCESS;
}

SIROCCO_API cuCtxDestroy_v2(Context* context) {
    Entry entry;
    if (!live(context)) {
        return error(CODE_INVALID_CONTEXT);
    }
    for (Context*& c : stack()) {
        if (c == context) {
            c = nullptr;
        }
    }
    buried(context);
    return CODE_SUCCESS;
}

SIROCCO_API cuDevicePrimaryCtxRetain(Context** context, int device) {
    Entry entry;
    if (!state().initialised) {
        return error(CODE_NOT_INITIALIZED);
    }
    if (bad_device(device)) {
        return error(CODE_INVALID_DEVICE);
    }
    *context = &state().primary[device];
    (*context)->retained++;
    return CODE_SUCCESS;
}

SIROCCO_API cuDevicePrimaryCtxRelease_v2(int device) {
    Entry entry;
    if (bad_device(device) || state().primary.empty()) {
        return error(CODE_INVALID_DEVICE);
    }
    if (state().primary[device].retained == 0) {
        return error(CODE_INVALID_CONTEXT, "released more often than retained");
    }
    state().primary[device].retained--;
    return CODE_SUCCESS;
}

SIROCCO_API cuDevicePrimaryCtxGetState(int device, unsigned* flags, int* active) {
    Entry entry;
    if (bad_device(device) || state().primary.empty()) {
        return error(CODE_INVALID_DEVICE);
    }
    *flags = state().primary[device].flags;
    *active = state().primary[device].retained > 0;
    return CODE_SUCCESS;
}

SIROCCO_API cuDevicePrimaryCtxSetFlags_v2(int device, unsigned flags) {
    Entry entry;
    if (bad_device(device) || state().primary.empty()) {
        return error(CODE_INVALID_DEVICE);
    }
    state().primary[device].flags = flags;
    return CODE_SUCCESS;
}

SIROCCO_API cuCtxGetDevice(int* device) {
    SIROCCO_ENTER
    *device = current()->device;
    return CODE_SUCCESS;
}

SIROCCO_API cuCtxSynchronize() {
    SIROCCO_ENTER
    int code = unsafe_in_capture("cuCtxSynchronize");
    return code != 0 ? code : work_off();
}

SIROCCO_API cuCtxGetApiVersion(Context*, unsigned* version) {
    *version = 3020;
    return CODE_SUCCESS;
}

SIROCCO_API cuCtxGetStreamPriorityRange(int* least, int* greatest) {
    *least = 0;
    *greatest = -5;
    return CODE_SUCCESS;
}

SIROCCO_API cuCtxGetFlags(unsigned* flags) {
    SIROCCO_ENTER
    *flags = current()->flags;
    return CODE_SUCCESS;
}

SIROCCO_API cuCtxSetCacheConfig(int) { return CODE_SUCCESS; }
SIROCCO_API cuCtxSetLimit(int, std::size_t) { return CODE_SUCCESS; }
