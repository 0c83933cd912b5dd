package sirocco.cuda.driver;

import jcuda.driver.CUstream;

/** A stream that knows its handle, which JCuda keeps to itself: {@link ForeignDriver} needs the number. */
public final class StreamHandle extends CUstream {
    StreamHandle() { }

    public long address() {
        return getNativePointer();
    }
}
