package sirocco.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import sirocco.api.Executable;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.io.MalformedFileException;
import sirocco.io.Safetensors;
import sirocco.io.SafetensorsWriter;

/**
 * What a checkpoint holds beside the model folder: {@code trainer.safetensors} with the weights as the optimizer has them (the model
 * folder has their moving average), Adam's moments, and the number of steps done. All in logical layout, exact.
 */
final class TrainState {
    private static final String FILE = "trainer.safetensors";
    private static final String PARAMETER = "parameter.";
    private static final String STEP = "step";

    private TrainState() { }

    static void write(Path folder, TrainGraph graph, Executable executable, long step) throws IOException {
        SafetensorsWriter out = new SafetensorsWriter().metadata(STEP, Long.toString(step));
        for (Value p : graph.graph().parameters()) {
            add(out, PARAMETER + p.name(), p, executable);
            for (Value state : graph.optimizerStates(p)) {
                add(out, state.name(), state, executable);
            }
        }
        out.write(folder.resolve(FILE));
    }

    private static void add(SafetensorsWriter out, String name, Value v, Executable executable) {
        Shape s = v.shape();
        out.floats(name, new long[] {s.n(), s.h(), s.w(), s.c()}, () -> {
            float[] data = new float[Math.toIntExact(s.elements())];
            executable.read(v, data);
            return data;
        });
    }

    /**
     * Sets weights and optimizer state from a checkpoint.
     *
     * @return the steps that were done
     * @throws MalformedFileException if the file is not of this graph's model
     */
    static long restore(Path checkpoint, TrainGraph graph, Executable executable) throws IOException {
        Path file = checkpoint.resolve(FILE);
        if (!Files.isRegularFile(file)) {
            throw new MalformedFileException(file, "no such file, so the checkpoint cannot be resumed from");
        }
        try (Safetensors in = Safetensors.open(file)) {
            for (Value p : graph.graph().parameters()) {
                set(in, file, PARAMETER + p.name(), p, executable);
                for (Value state : graph.optimizerStates(p)) {
                    set(in, file, state.name(), state, executable);
                }
            }
            String step = in.metadata().get(STEP);
            if (step == null || !step.matches("\\d{1,18}")) {
                throw new MalformedFileException(file, "expected the number of steps as metadata \"" + STEP + "\", got " + step
                        + "; resume from another checkpoint");
            }
            return Long.parseLong(step);
        }
    }

    private static void set(Safetensors in, Path file, String name, Value v, Executable executable) throws IOException {
        if (!in.has(name)) {
            throw new MalformedFileException(file, "tensor \"" + name + "\" is missing; was the model's configuration changed since?");
        }
        long[] shape = in.shape(name);
        Shape s = v.shape();
        if (shape.length != 4 || shape[0] != s.n() || shape[1] != s.h() || shape[2] != s.w() || shape[3] != s.c()) {
            throw new MalformedFileException(file, "tensor \"" + name + "\" has shape " + Arrays.toString(shape) + ", expected " + s
                    + "; was the model's configuration changed since?");
        }
        executable.write(v, in.floats(name));
    }
}
