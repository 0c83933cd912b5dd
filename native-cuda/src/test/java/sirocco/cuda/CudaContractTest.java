package sirocco.cuda;

import java.util.List;
import sirocco.api.Backend;
import sirocco.testkit.BackendContract;

/** Every op case, whole plans as captured graphs, on the emulated driver. */
class CudaContractTest extends BackendContract {
    @Override
    protected Backend backend() {
        return Emulated.backend();
    }

    /** Threads are the CPU's; what a GPU does in another order each time, the emulated driver shuffles in every launch. */
    @Override
    protected List<Integer> threads() {
        return List.of(1);
    }
}
