package sirocco.cuda.driver;

/** A call of the CUDA driver that failed. */
public final class CudaException extends RuntimeException {
    private final int code;

    /**
     * @param what what was being done: a step of a plan, or a device
     * @param call the driver's function
     * @param code its {@code CUresult}
     * @param text what the driver says about the code
     */
    CudaException(String what, String call, int code, String text) {
        super("%s: %s failed with error %d: %s".formatted(what, call, code, text));
        this.code = code;
    }

    /** The {@code CUresult}. */
    public int code() {
        return code;
    }
}
