package sirocco.cli;

import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.Locale;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command line. Exit codes: 0 done, 1 failed while working, 2 asked for something impossible, 130 stopped by Ctrl-C. */
@Command(name = "sirocco", version = "sirocco 0.1.0", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Denoising diffusion models, trained and sampled on the JVM.",
        subcommands = {DemoCommand.class, TrainCommand.class, SampleCommand.class, EvalCommand.class, InfoCommand.class, InferCommand.class,
            BenchCommand.class, AutoComplete.GenerateCompletion.class},
        footerHeading = "%nExamples:%n",
        footer = {
            "  sirocco demo                                       train on built-in images and look at the result",
            "  sirocco train --data photos.zip --out runs/photos  train on your own",
            "  sirocco sample --model runs/photos --out images --num 64",
            "  source <(sirocco generate-completion)              shell completion"})
public final class Main implements Runnable {
    static final int FAILED = 1;
    static final int IMPOSSIBLE = 2;
    static final int STOPPED = 130;

    @Option(names = "--stacktrace", description = "print where an error came from", scope = ScopeType.INHERIT)
    boolean stacktrace;

    @Spec
    CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    /** The command line, ready to execute. */
    public static CommandLine commandLine() {
        Main main = new Main();
        CommandLine line = new CommandLine(main);
        TrainFlags.addTo(line.getSubcommands().get("train").getCommandSpec());
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setExecutionExceptionHandler((e, command, parsed) -> {
            PrintWriter err = command.getErr();
            if (main.stacktrace) {
                e.printStackTrace(err);
            } else {
                err.println("sirocco " + command.getCommandName() + ": " + message(e));
            }
            err.flush();
            return e instanceof IllegalArgumentException || e instanceof UnsupportedOperationException ? IMPOSSIBLE : FAILED;
        });
        return line;
    }

    /** What an exception says; those that Sirocco throws say all there is to say, others by their class too. */
    private static String message(Exception e) {
        if (e instanceof UncheckedIOException u) {
            return message(u.getCause());
        }
        boolean ours = e.getStackTrace().length > 0 && e.getStackTrace()[0].getClassName().startsWith("sirocco.");
        return ours && e.getMessage() != null ? e.getMessage() : e.toString() + " (--stacktrace tells where)";
    }

    public static void main(String[] args) {
        // Numbers read the same wherever they were printed.
        Locale.setDefault(Locale.ROOT);
        System.exit(commandLine().execute(args));
    }
}
