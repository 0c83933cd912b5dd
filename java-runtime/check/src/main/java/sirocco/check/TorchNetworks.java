package sirocco.check;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;
import sirocco.api.DType;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.io.AtomicFiles;
import sirocco.model.DropoutSource;
import sirocco.model.UNetConfig;
import sirocco.torch.TorchProgram;

/** Writes the networks that build-scripts/torch-peer times, as the library records them: a JSON object of programs by step, as {@code "train:128"}. */
final class TorchNetworks {
    private TorchNetworks() { }

    /** Writes the forward pass of each step: with dropout in training, without in sampling. */
    static void write(Path file, UNetConfig config, List<StepBatch> steps) throws IOException {
        StringJoiner programs = new StringJoiner(",\n", "{", "}\n");
        for (StepBatch step : new LinkedHashSet<>(steps)) {
            programs.add("\"" + step + "\": " + program(config, step).toJson());
        }
        AtomicFiles.writeText(file, programs.toString());
    }

    /** Returns a step's forward pass: x [n,c,h,w] and t [n,1] to the prediction [n,c,h,w]. */
    static TorchProgram program(UNetConfig config, StepBatch step) {
        GraphBuilder g = new GraphBuilder();
        int n = step.batch();
        Value x = g.input("x", new Shape(n, config.height(), config.width(), config.inChannels()), DType.F32);
        Value t = g.input("t", Shape.features(n, 1), DType.F32);
        Optional<DropoutSource> dropout = step.training()
                ? Optional.of(new DropoutSource(g.input("rng", Shape.vector(4), DType.I32), g.input("index", Shape.features(n, 1), DType.I32))) : Optional.empty();
        g.output(config.network().apply(g, x, t, Optional.empty(), dropout));
        return TorchProgram.of(g.build(), config.network());
    }
}
