package sirocco.cuda.driver;

import jcuda.driver.CUfunction;

/** A kernel that knows its handle, which JCuda keeps to itself: {@link ForeignDriver} needs the number. */
public final class KernelHandle extends CUfunction {
    KernelHandle() { }

    long address() {
        return getNativePointer();
    }
}
