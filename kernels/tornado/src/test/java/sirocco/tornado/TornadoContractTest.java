package sirocco.tornado;

import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import sirocco.api.Backend;
import sirocco.testkit.BackendContract;
import sirocco.testkit.OpCase;

/** Every op case, on TornadoVM's first device. */
class TornadoContractTest extends BackendContract {
    @Override
    protected Backend backend() {
        return new TornadoBackend();
    }

    /** All, or those whose name matches {@code -Dsirocco.tornado.cases=REGEX}: each is compiled, which takes a second. */
    @Override
    protected Stream<OpCase> cases() {
        Pattern wanted = Pattern.compile(System.getProperty("sirocco.tornado.cases", ""), Pattern.CASE_INSENSITIVE);
        return super.cases().filter(c -> wanted.matcher(c.name()).find());
    }

    /** Each is compiled several times. */
    @Override
    protected int randomGraphs() {
        return 5;
    }

    /** Threads are the CPU's. */
    @Override
    protected List<Integer> threads() {
        return List.of(1);
    }

    /** TornadoVM allocates as it goes through a graph. */
    @Override
    protected Duration warmUp() {
        return Duration.ZERO;
    }
}
