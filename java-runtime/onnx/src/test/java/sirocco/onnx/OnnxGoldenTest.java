package sirocco.onnx;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import sirocco.folder.ModelFolder;
import sirocco.io.Safetensors;
import sirocco.nn.ImageSize;
import sirocco.pipeline.DiffusionModel;
import sirocco.testkit.GoldenFolder;
import sirocco.testkit.GoldenTests;
import sirocco.testkit.Tolerance;

/** The golden models, exported and run by ONNX Runtime, against PyTorch's results. */
class OnnxGoldenTest {
    /** PyTorch's results are float32 as well: both may be off by what the export alone may. */
    private static final Tolerance BOTH = new Tolerance(2 * Exported.TOLERANCE, 0);

    @TestFactory
    List<DynamicTest> exportedModelsAgreeWithPyTorch() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        List<GoldenFolder> folders = GoldenTests.folders();
        for (GoldenFolder f : folders) {
            if (f.kind() != GoldenFolder.Kind.MODEL) {
                continue;
            }
            Optional<String> reason = unsupported(f.path());
            if (reason.isPresent()) {
                tests.add(GoldenTests.unsupported(f.name(), reason.get()));
            } else {
                tests.add(dynamicTest(f.name(), () -> compare(f.path())));
            }
        }
        assertFalse(tests.isEmpty() && !GoldenTests.othersData(), "golden models");
        return tests;
    }

    private static ImageSize size(Safetensors golden) {
        long[] shape = golden.shape("forward.sample");
        return new ImageSize((int) shape[2], (int) shape[3]);
    }

    private static Optional<String> unsupported(Path folder) throws IOException {
        try (Safetensors golden = Safetensors.open(folder.resolve("golden.safetensors"))) {
            Optional<String> unknown = golden.names().stream().filter(n -> n.startsWith("forward.")
                    && !List.of("forward.sample", "forward.timesteps", "forward.class_labels", "forward.low_res", "forward.output").contains(n)).findFirst();
            if (unknown.isPresent() || !golden.has("forward.sample") || golden.shape("forward.sample").length != 4) {
                return Optional.of("its forward pass is not a UNet2DModel's");
            }
            DiffusionModel.readConfig(ModelFolder.open(folder), Optional.of(size(golden)));
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of(e.getMessage());
        }
    }

    private static void compare(Path folder) throws IOException {
        try (Safetensors golden = Safetensors.open(folder.resolve("golden.safetensors"))) {
            DiffusionModel model = DiffusionModel.load(ModelFolder.open(folder), Optional.of(size(golden)));
            long[] shape = golden.shape("forward.sample");
            int n = (int) shape[0];
            long[] steps = golden.longs("forward.timesteps");
            float[] t = new float[n];
            for (int i = 0; i < n; i++) {
                t[i] = steps[steps.length == 1 ? 0 : i];
            }
            for (boolean mapped : List.of(false, true)) {
                try (Session session = new Session(NetworkExport.of(model.weights(), OptionalInt.empty(), mapped, "test", model.schedulerJson()))) {
                    session.with(NetworkExport.SAMPLE, golden.floats("forward.sample"), shape).with(NetworkExport.TIMESTEP, t, n);
                    if (model.config().numClassEmbeds().isPresent()) {
                        session.with(NetworkExport.LABELS, golden.longs("forward.class_labels"), n);
                    }
                    if (model.config().lowResFactor().isPresent()) {
                        session.with(NetworkExport.LOW_RES, golden.floats("forward.low_res"), golden.shape("forward.low_res"));
                    }
                    Exported.assertClose(folder.getFileName() + (mapped ? ", operators for fused ops" : ", primitives"),
                            Exported.doubles(golden.floats("forward.output")), Exported.doubles(session.run().get(NetworkExport.OUTPUT)), BOTH);
                }
            }
        }
    }
}
