package sirocco.cuda.driver;

import jcuda.driver.CUdeviceptr;

/** An address on the device. JCuda keeps it to itself; kernels' arguments and tables of pointers need the number. */
public final class DeviceMemory extends CUdeviceptr {
    DeviceMemory() { }

    private DeviceMemory(DeviceMemory base, long offset) {
        super(base, offset);
    }

    public long address() {
        return getNativePointer() + getByteOffset();
    }

    public DeviceMemory at(long offset) {
        return new DeviceMemory(this, offset);
    }
}
