package sirocco.cli;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A progress bar on standard error: redrawn in place on a terminal, a line now and then in a log. */
public final class Progress implements AutoCloseable {
    private static final int COLUMNS = 110;

    private final PrintStream err = System.err;
    private final ProgressBar bar;
    private String logged = "";

    /** @param unit what is counted, in the plural */
    public Progress(String task, String unit, long total, long done) {
        boolean terminal = System.console() != null && System.console().isTerminal();
        var builder = new ProgressBarBuilder().setTaskName(task).setUnit(" " + unit, 1).setInitialMax(total).startsFrom(done, Duration.ZERO)
                .setStyle(terminal ? ProgressBarStyle.COLORFUL_UNICODE_BLOCK : ProgressBarStyle.ASCII).setMaxRenderedLength(COLUMNS)
                .setUpdateIntervalMillis(terminal ? 250 : 15_000);
        builder.setConsumer(terminal ? new ConsoleProgressBarConsumer(err, COLUMNS) : new DelegatingProgressBarConsumer(this::log, COLUMNS));
        bar = builder.build();
    }

    /** The bar draws its end once more when it is closed; a log has no use for that. */
    private void log(String line) {
        if (!line.equals(logged)) {
            err.println(line);
            logged = line;
        }
    }

    public void to(long done) {
        bar.stepTo(done);
    }

    /** Text behind the bar. */
    public void say(String format, Object... args) {
        bar.setExtraMessage(" " + String.format(Locale.ROOT, format, args));
    }

    @Override
    public void close() {
        bar.close();
    }
}
