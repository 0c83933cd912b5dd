package sirocco.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.ServiceLoader;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command line. */
@Command(name = "sirocco", version = Main.VERSION, mixinStandardHelpOptions = true, sortOptions = false,
        description = "Denoising diffusion models, trained and sampled on the JVM.",
        subcommands = {DemoCommand.class, TrainCommand.class, SampleCommand.class, EvalCommand.class, InfoCommand.class, InferCommand.class,
            ExportCommand.class, BenchCommand.class, TuneCommand.class, AutoComplete.GenerateCompletion.class},
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:done", "1:failed while working", "2:asked for something impossible, such as more memory than there is",
            "130:stopped by Ctrl-C; what was written is whole"},
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
    static final String VERSION = "sirocco 0.1.0";

    /** Of help pages, where the terminal does not say: as wide as the examples. */
    private static final int HELP_COLUMNS = 120;

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
        ServiceLoader.load(Subcommand.class).forEach(line::addSubcommand);
        TrainFlags.addTo(line.getSubcommands().get("train").getCommandSpec());
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.registerConverter(Path.class, Main::path);
        line.setUsageHelpWidth(HELP_COLUMNS).setUsageHelpAutoWidth(true);
        line.setParameterExceptionHandler(Main::misused);
        line.setExecutionStrategy(Main::execute);
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

    /** An empty text is what is left of a variable that was not set, and no one's way to say "here". */
    private static Path path(String text) {
        if (text.isBlank()) {
            throw new CommandLine.TypeConversionException("expected a path, got an empty text; . is the folder that you are in");
        }
        return Path.of(text);
    }

    /** Says what is wrong with a flag; the page of all flags would push that off the screen. */
    private static int misused(CommandLine.ParameterException e, String[] args) {
        CommandLine command = e.getCommandLine();
        String name = command.getCommandSpec().qualifiedName();
        PrintWriter err = command.getErr();
        err.println(name + ": " + e.getMessage());
        CommandLine.UnmatchedArgumentException.printSuggestions(e, err);
        err.println("Try: " + name + " --help");
        err.flush();
        return IMPOSSIBLE;
    }

    /** Runs the command; too little memory is an answer like any other. */
    private static int execute(CommandLine.ParseResult parsed) {
        try {
            return new CommandLine.RunLast().execute(parsed);
        } catch (OutOfMemoryError e) {
            CommandLine command = parsed.asCommandLineList().getLast();
            throw new CommandLine.ExecutionException(command, e.getMessage(), new IOException("out of memory (" + e.getMessage() + "), the heap has at most "
                    + (Runtime.getRuntime().maxMemory() >> 20) + " MiB; take a smaller batch or model, or a larger heap: SIROCCO_JAVA_OPTS=-Xmx…", e));
        }
    }

    /** What an exception says; those that Sirocco throws say all there is to say, others by their class too. */
    private static String message(Exception e) {
        if (e instanceof UncheckedIOException u) {
            return message(u.getCause());
        }
        String file = switch (e) {
            case NoSuchFileException f -> f.getFile() + ": no such file or folder";
            case FileAlreadyExistsException f -> f.getFile() + ": there is a file of this name, expected a folder";
            case AccessDeniedException f -> f.getFile() + ": permission denied";
            default -> null;
        };
        if (file != null) {
            return file;
        }
        // The virtual machine's own, such as a division by zero, say too little by themselves.
        boolean implicit = e instanceof ArithmeticException || e instanceof NullPointerException || e instanceof IndexOutOfBoundsException
                || e instanceof ClassCastException || e instanceof NegativeArraySizeException;
        boolean ours = !implicit && e.getStackTrace().length > 0 && e.getStackTrace()[0].getClassName().startsWith("sirocco.");
        return ours && e.getMessage() != null ? e.getMessage() : e.toString() + " (--stacktrace tells where)";
    }

    public static void main(String[] args) {
        // Numbers read the same wherever they were printed.
        Locale.setDefault(Locale.ROOT);
        System.exit(commandLine().execute(args));
    }
}
