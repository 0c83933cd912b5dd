package sirocco.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import sirocco.sample.Profile;

/** Kernels by time, and how near each comes to what the device can do. */
final class KernelTable {
    private final Peaks.Measured peaks;

    KernelTable(Peaks.Measured peaks) {
        this.peaks = peaks;
    }

    /**
     * A row, as it is in the JSON, too.
     *
     * @param ofPeak the share of the measured peak that bounds it
     */
    record Row(String kind, String shape, String algorithm, int count, long nanos, long flops, long bytes, double ofPeak) { }

    List<Row> rows(List<Profile.Row> timed) {
        return timed.stream().map(r -> new Row(r.kind(), r.shape(), r.algorithm(), r.count(), r.nanos(), r.flops(), r.bytes(),
                peaks.share(r.flops(), r.bytes(), r.nanos()))).toList();
    }

    /** @param shares whether the rows are parts of a whole */
    void print(PrintWriter out, List<Row> rows, boolean shares) {
        long total = rows.stream().mapToLong(Row::nanos).sum();
        out.printf(Locale.ROOT, "%npeaks: %s %.0f GFLOP/s, copy %.0f GB/s; a kernel's share is of the one that bounds it%n", peaks.by(), peaks.flops() * 1e-9,
                peaks.bytes() * 1e-9);
        out.printf("%-22s %-36s %5s %10s %6s %9s %9s %8s %8s %7s  %s%n", "op", "shape", "count", "µs", "share", "MFLOP", "GFLOP/s", "MB", "GB/s", "of peak",
                "algorithm");
        for (Row r : rows) {
            out.printf(Locale.ROOT, "%-22s %-36s %5d %10.1f %6s %9s %9s %8.2f %8.1f %6.1f%%  %s%n", r.kind, r.shape, r.count, r.nanos * 1e-3,
                    shares ? String.format(Locale.ROOT, "%.1f%%", 100.0 * r.nanos / total) : "", number("%.1f", r.flops * 1e-6),
                    number("%.0f", (double) r.flops / r.nanos), r.bytes * 1e-6, (double) r.bytes / r.nanos, 100 * r.ofPeak, r.algorithm);
        }
    }

    /** Nothing for 0: there are no FLOPs where memory is all that matters. */
    private static String number(String format, double x) {
        return x == 0 ? "" : String.format(Locale.ROOT, format, x);
    }
}
