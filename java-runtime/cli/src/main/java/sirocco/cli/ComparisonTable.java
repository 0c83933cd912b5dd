package sirocco.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import sirocco.sample.Profile;

/** A {@link Comparison} for people: backends below each other, then every op with a time and an algorithm of each backend's. */
final class ComparisonTable {
    /** Of one op and shape on one backend, which may compute it in several ways, as where an operand's place matters. */
    private record Cell(long nanos, List<String> algorithms) {
        static final Cell NONE = new Cell(0, List.of());

        Cell and(Profile.Row row) {
            List<String> all = new ArrayList<>(algorithms);
            if (!row.algorithm().isEmpty() && !all.contains(row.algorithm())) {
                all.add(row.algorithm());
            }
            return new Cell(nanos + row.nanos(), all);
        }

        String algorithm() {
            return String.join(" + ", algorithms);
        }
    }

    private final List<Comparison.OfBackend> all;

    /** @param all at least one; ops are sorted by the first one's times */
    ComparisonTable(List<Comparison.OfBackend> all) {
        this.all = all;
    }

    void print(PrintWriter out) {
        out.printf("%n%-14s %10s %12s %12s %12s %24s %10s%n", "backend", "load, ms", "first, ms", "launch, µs", "step, ms", "fastest to slowest", "relative");
        double first = all.getFirst().millis()[0];
        for (Comparison.OfBackend b : all) {
            out.printf(Locale.ROOT, "%-14s %10.1f %12.1f %12.2f %12.3f %24s %10.2f%n", b.place(), b.loadMillis(), b.firstMillis(), b.launchMicros(), b.millis()[0],
                    String.format(Locale.ROOT, "%.3f to %.3f", b.millis()[1], b.millis()[2]), b.millis()[0] / first);
        }
        kernels(out);
        out.flush();
    }

    private void kernels(PrintWriter out) {
        List<Map<String, Cell>> columns = all.stream().map(ComparisonTable::cells).toList();
        List<Integer> widths = columns.stream().map(c -> c.values().stream().mapToInt(x -> x.algorithm().length()).max().orElse(0)).toList();
        out.printf("%n%-22s %-36s", "op", "shape");
        for (int i = 0; i < all.size(); i++) {
            out.printf("%16s%s", all.get(i).place() + ", µs", algorithm(widths.get(i) == 0 ? "" : "algorithm", widths.get(i)));
        }
        out.println();
        String sorted = columns.getFirst().entrySet().stream().sorted(Map.Entry.comparingByValue(Comparator.comparingLong(Cell::nanos).reversed()))
                .map(Map.Entry::getKey).map(kernel -> {
                    StringBuilder line = new StringBuilder(kernel);
                    for (int i = 0; i < columns.size(); i++) {
                        Cell cell = columns.get(i).getOrDefault(kernel, Cell.NONE);
                        line.append(String.format(Locale.ROOT, "%16.1f", cell.nanos * 1e-3)).append(algorithm(cell.algorithm(), widths.get(i)));
                    }
                    return line.toString().stripTrailing();
                }).collect(Collectors.joining(System.lineSeparator()));
        out.println(sorted);
    }

    private static String algorithm(String name, int width) {
        return width == 0 ? "" : "  " + String.format("%-" + Math.max(width, "algorithm".length()) + "s", name);
    }

    private static Map<String, Cell> cells(Comparison.OfBackend backend) {
        Map<String, Cell> cells = new LinkedHashMap<>();
        backend.kernels().forEach(row -> cells.merge("%-22s %-36s".formatted(row.kind(), row.shape()), Cell.NONE.and(row), (a, _) -> a.and(row)));
        return cells;
    }
}
