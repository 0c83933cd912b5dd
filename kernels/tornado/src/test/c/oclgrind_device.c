// Oclgrind's device says that it is several types of device at once, for which TornadoVM has no name. With this library loaded before Oclgrind's it is a GPU.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>

enum { CL_DEVICE_TYPE = 0x1000, CL_DEVICE_TYPE_GPU = 4 };

int clGetDeviceInfo(void *device, uint32_t name, size_t size, void *value, size_t *written) {
    int (*oclgrind)(void *, uint32_t, size_t, void *, size_t *) = dlsym(RTLD_NEXT, "clGetDeviceInfo");
    int code = oclgrind(device, name, size, value, written);
    if (code == 0 && name == CL_DEVICE_TYPE && value != NULL && size >= sizeof(uint64_t)) {
        *(uint64_t *) value = CL_DEVICE_TYPE_GPU;
    }
    return code;
}
