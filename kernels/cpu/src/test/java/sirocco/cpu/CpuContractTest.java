package sirocco.cpu;

import sirocco.api.Backend;
import sirocco.testkit.BackendContract;

class CpuContractTest extends BackendContract {
    @Override
    protected Backend backend() {
        return new CpuBackend();
    }
}
