package sirocco.check;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import sirocco.cli.Subcommand;
import sirocco.io.AtomicFiles;

/** Prints the report of an earlier gpu-check, as this build makes it. */
@Command(name = "gpu-report", mixinStandardHelpOptions = true, description = "Print the report of what gpu-check left: an archive, or its work folder.")
public final class GpuReportCommand implements Subcommand {
    @Parameters(paramLabel = "ARCHIVE", description = "gpu-check.zip, or the work folder")
    Path source;

    @Spec
    CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        if (Files.isDirectory(source)) {
            print(source);
            return 0;
        }
        Path folder = Files.createTempDirectory("gpu-report");
        try {
            ReportArchive.unpack(source, folder);
            print(folder);
        } finally {
            AtomicFiles.deleteTree(folder);
        }
        return 0;
    }

    private void print(Path folder) throws IOException {
        spec.commandLine().getOut().println(new GpuReport(folder).markdown());
        spec.commandLine().getOut().flush();
    }
}
