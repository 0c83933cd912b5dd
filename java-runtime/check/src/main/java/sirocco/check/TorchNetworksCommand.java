package sirocco.check;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import sirocco.cli.Subcommand;
import sirocco.pipeline.Components;

/** Writes what the PyTorch peer runs, to start it by hand. */
@Command(name = "torch-networks", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Write a model's networks as calls of PyTorch, for build-scripts/torch-peer.", "gpu-check writes networks.json itself."},
        footerHeading = "%nExamples:%n",
        footer = {"  sirocco torch-networks --preset small --what train:4,sample:1 --out networks.json",
            "  python3 build-scripts/torch-peer steps --networks networks.json --steps train:4,sample:1 --modes eager --device cpu --out times.json"})
public final class TorchNetworksCommand implements Subcommand {
    @Option(names = "--preset", defaultValue = "cifar10", paramLabel = "NAME", description = "small or cifar10; default: ${DEFAULT-VALUE}")
    String preset;

    @Option(names = "--what", split = ",", defaultValue = "train:128,sample:256,sample:1", paramLabel = "STEP:BATCH",
            description = "steps and batches; default: ${DEFAULT-VALUE}")
    List<String> what;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "file to write")
    Path out;

    @Override
    public Integer call() throws IOException {
        TorchNetworks.write(out, Components.preset(preset), StepBatch.parse("--what", what));
        return 0;
    }
}
