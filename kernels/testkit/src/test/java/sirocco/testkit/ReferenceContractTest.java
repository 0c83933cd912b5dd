package sirocco.testkit;

import java.time.Duration;
import java.util.List;
import sirocco.api.Backend;

/** The reference keeps the contract too: above all, that planned memory and memory of its own give the same bits. */
class ReferenceContractTest extends BackendContract {
    @Override
    protected Backend backend() {
        return new ReferenceBackend();
    }

    /** It is written for reading, and allocates. */
    @Override
    protected Duration warmUp() {
        return Duration.ZERO;
    }

    /** It has no threads. */
    @Override
    protected List<Integer> threads() {
        return List.of(1);
    }
}
