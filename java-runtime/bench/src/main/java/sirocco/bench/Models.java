package sirocco.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import sirocco.bench.ort.OnnxModels;
import sirocco.bench.ort.OnnxRuntime;
import sirocco.bench.torch.Torch.Format;
import sirocco.bench.torch.TorchModels;
import sirocco.nn.NetworkConfig;
import sirocco.nn.Weights;
import sirocco.nn.unet.UNetConfig;
import sirocco.torch.TorchProgram;

/** The rows of whole models: a forward pass as sampling does it, and a training step from bytes to the moving average of the weights. */
final class Models {
    /** Fifty convolutions deep, Winograd's loss of some bits in each; what golden data is held to. */
    private static final double FORWARD_TOLERANCE = 2e-5;
    private static final double GRADIENT_TOLERANCE = 1e-4;

    private final String backend;
    private final int threads;
    private final boolean peers;

    Models(String backend, int threads, boolean peers) {
        this.backend = backend;
        this.threads = threads;
        this.peers = peers;
    }

    List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        rows.add(training("small", UNetConfig.small(), 64));
        rows.add(forward("small", UNetConfig.small(), 1));
        rows.add(forward("small", UNetConfig.small(), 64));
        rows.add(forward("cifar10", UNetConfig.cifar10(), 8));
        rows.add(forward("cifar10", UNetConfig.cifar10(), 1));
        rows.add(training("cifar10", UNetConfig.cifar10(), 8));
        return rows;
    }

    Row forward(String model, NetworkConfig config, int batch) {
        Supplier<float[]> x = () -> Inputs.normal(1, batch * NetworkGraph.imageElements(config));
        Supplier<Work> ours = () -> new ForwardWork(backend, threads, weights(config), x.get(), timesteps(batch));
        Map<String, Supplier<Work>> theirs = new LinkedHashMap<>(Convolutions.bothFormats(peers,
                f -> TorchModels.forward(NetworkGraph.torch(config, batch), f, weights(config), x.get(), timesteps(batch))));
        if (OnnxRuntime.unavailable().isEmpty()) {
            theirs.put(OnnxRuntime.NAME, () -> OnnxModels.forward(weights(config), threads, x.get(), timesteps(batch)));
        }
        return new Row("model-forward/" + model + "-b" + batch, label(model, config) + ", forward, batch " + batch, Row.Unit.IMAGES, batch,
                Row.Check.relative(FORWARD_TOLERANCE), ours, theirs);
    }

    Row training(String model, NetworkConfig config, int batch) {
        byte[] images = Inputs.bytes(2, batch * NetworkGraph.imageElements(config));
        Supplier<Work> ours = () -> new TrainingWork(backend, threads, weights(config), images);
        return new Row("model-training/" + model + "-b" + batch, label(model, config) + ", training step, batch " + batch, Row.Unit.IMAGES,
                batch, Row.Check.relative(GRADIENT_TOLERANCE), ours, Convolutions.bothFormats(peers, f -> torchTraining(config, f, images)));
    }

    private static String label(String model, NetworkConfig config) {
        return "%s model (%.2f M)".formatted(model.equals("cifar10") ? "CIFAR-10" : model, config.network().parameterCount() / 1e6);
    }

    private static Weights weights(NetworkConfig config) {
        return Inputs.weights(config, 7);
    }

    private static float[] timesteps(int batch) {
        float[] t = new float[batch];
        for (int i = 0; i < batch; i++) {
            t[i] = (i * 389 + 250) % 1000;
        }
        return t;
    }

    /**
     * Timed, LibTorch draws its own noise; checked, it is given Sirocco's, so that the loss and the gradients can be compared. The
     * optimizer's arithmetic is no part of the check.
     */
    private Work torchTraining(NetworkConfig config, Format format, byte[] images) {
        TorchProgram program = NetworkGraph.torch(config, images.length / NetworkGraph.imageElements(config));
        Work timed = TorchModels.training(program, format, weights(config), images, Noises.alphaBar(), TrainingWork.LR, TrainingWork.EMA);
        return new Work() {
            @Override
            public void run() {
                timed.run();
            }

            @Override
            public float[][] results() {
                TrainingWork.Noised noised = TrainingWork.noised(backend, threads, config, images);
                try (Work exact = TorchModels.gradients(program, format, weights(config), noised.xt(), noised.epsilon(), noised.t())) {
                    return TrainingWork.lossAndClipped(exact.results());
                }
            }

            @Override
            public void close() {
                timed.close();
            }
        };
    }
}
