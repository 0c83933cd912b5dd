package sirocco.check;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;
import sirocco.api.DType;
import sirocco.api.GraphBuilder;
import sirocco.api.RandomKey;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.io.AtomicFiles;
import sirocco.nn.Network;
import sirocco.nn.NetworkConfig;
import sirocco.torch.TorchProgram;

/** Writes the networks that build-scripts/torch-peer times, as the library records them: a JSON object of programs by step, as {@code "train:128"}. */
final class TorchNetworks {
    private TorchNetworks() { }

    /** Writes the forward pass of each step of an unconditional network: with dropout in training, without in sampling. */
    static void write(Path file, NetworkConfig config, List<StepBatch> steps) throws IOException {
        StringJoiner programs = new StringJoiner(",\n", "{", "}\n");
        for (StepBatch step : new LinkedHashSet<>(steps)) {
            programs.add("\"" + step + "\": " + program(config, step).toJson());
        }
        AtomicFiles.writeText(file, programs.toString());
    }

    /** Returns a step's forward pass: x [n,c,h,w] and t [n,1] to the prediction [n,c,h,w]. */
    static TorchProgram program(NetworkConfig config, StepBatch step) {
        GraphBuilder g = new GraphBuilder();
        int n = step.batch();
        Network network = config.network();
        Value x = g.input("x", network.images(n), DType.F32);
        Value t = g.input("t", Shape.features(n, 1), DType.F32);
        Optional<RandomKey> dropout = step.training()
                ? Optional.of(new RandomKey(g.input("rng", Shape.vector(4), DType.I32), g.input("index", Shape.features(n, 1), DType.I32))) : Optional.empty();
        g.output(network.apply(g, x, t, Map.of(), dropout));
        return TorchProgram.of(g.build(), network);
    }
}
