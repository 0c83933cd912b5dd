package sirocco.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import sirocco.bench.torch.Torch;
import sirocco.cpu.Workers;

/** All rows of the benchmark for a number of threads. Nothing large is made before a row's side is asked for. */
public final class Rows implements AutoCloseable {
    private final Workers workers;
    private final List<Row> rows = new ArrayList<>();

    /**
     * @param threads of each side
     * @param backend that runs Sirocco's whole models; single kernels are always the CPU's
     */
    public Rows(int threads, String backend) {
        boolean peers = Torch.unavailable().isEmpty();
        if (peers) {
            Torch.threads(threads);
        }
        workers = new Workers(threads);
        Convolutions convolutions = new Convolutions(workers, peers);
        rows.addAll(convolutions.rows());
        rows.addAll(new Products(workers, peers).rows());
        rows.addAll(convolutions.linearRows());
        rows.addAll(new Norms(workers, peers).rows());
        rows.addAll(new Attentions(workers, peers).rows());
        rows.addAll(new Noises(workers, peers).rows());
        rows.addAll(new Models(backend, threads, peers).rows());
    }

    /** The limits of the machine on the same threads. */
    public Limits limits() {
        return new Limits(workers);
    }

    /** In the order of the table. */
    public List<Row> all() {
        return List.copyOf(rows);
    }

    /** Those whose name contains a match. */
    public List<Row> matching(Pattern filter) {
        return rows.stream().filter(r -> filter.matcher(r.name()).find()).toList();
    }

    /** @throws IllegalArgumentException if there is no such row */
    public Row named(String name) {
        return rows.stream().filter(r -> r.name().equals(name)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("row \"" + name + "\": unknown; --list shows them all"));
    }

    @Override
    public void close() {
        workers.close();
    }
}
