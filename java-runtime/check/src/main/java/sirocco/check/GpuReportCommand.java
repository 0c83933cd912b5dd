package sirocco.check;

import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import sirocco.cli.Subcommand;
import sirocco.io.AtomicFiles;

/** The last part of gpu-check. */
@Command(name = "gpu-report", mixinStandardHelpOptions = true, description = "Put together what gpu-check left in a folder: report.md and report.json.")
public final class GpuReportCommand implements Subcommand {
    @Parameters(paramLabel = "DIR", description = "the folder that gpu-check wrote")
    Path folder;

    @Spec
    CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        GpuReport report = new GpuReport(folder);
        String table = report.markdown();
        AtomicFiles.writeText(folder.resolve("report.md"), table);
        AtomicFiles.writeText(folder.resolve("report.json"), report.json().toPrettyString() + "\n");
        spec.commandLine().getOut().println(table);
        spec.commandLine().getOut().flush();
        return 0;
    }
}
