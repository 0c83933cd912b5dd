package sirocco.cuda.driver;

import jcuda.driver.CUgraphExec;

/** An executable graph that knows its handle, which JCuda keeps to itself: {@link ForeignDriver} needs the number. */
public final class GraphHandle extends CUgraphExec {
    GraphHandle() { }

    public long address() {
        return getNativePointer();
    }
}
