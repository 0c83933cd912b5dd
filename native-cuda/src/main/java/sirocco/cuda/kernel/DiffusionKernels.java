package sirocco.cuda.kernel;

import java.util.List;
import java.util.function.IntFunction;
import sirocco.api.Diffusion;
import sirocco.api.Loss;
import sirocco.api.Movement;
import sirocco.api.Shape;
import sirocco.api.Value;

/** The forward process, the loss, and steps of sampling. */
final class DiffusionKernels {
    /** Elements that a thread block of the loss's first step sums, so that the order depends on the shape only. */
    private static final int LOSS_CHUNK = 8 * Launch.BLOCK;

    private final Storage storage;

    DiffusionKernels(Target target) {
        storage = target.activations();
    }

    Kernel gatherImages(Movement.GatherImages op) {
        int size = op.dataset().shape().n();
        int bytes = (int) op.images().shape().imageElements();
        int word = bytes % 16 == 0 ? 16 : bytes % 4 == 0 ? 4 : 1;
        return Kernel.of(m -> List.of(Launch.blocks("gather_images_b" + word, Launch.blocks(bytes / word, Launch.BLOCK), op.images().shape().n(), 1,
                m.at(op.dataset()), size, m.at(op.ids()), bytes / word, m.at(op.images()), m.fault(), m.faultCode())))
                .withFault(id -> "id " + id + " is not in the dataset, expected 0 to " + (size - 1));
    }

    Kernel noising(Diffusion.Noising op) {
        Shape s = op.images().shape();
        int elements = (int) s.imageElements();
        return Kernel.of(m -> List.of(Launch.blocks(storage.kernel("noising"), Philox.threadBlocks(elements), s.n(), 1, m.at(op.images()),
                m.at(op.schedule()), op.schedule().shape().n(), m.at(op.rng()), m.at(op.index()), op.flip() ? 1 : 0, s.w(), s.c(), elements,
                m.at(op.xt()), m.at(op.target()), m.at(op.t()), m.at(op.weight()))));
    }

    Kernel mseLoss(Loss.MseLoss op) {
        Shape s = op.prediction().shape();
        int n = (int) s.elements();
        int chunks = (int) Launch.blocks(n, LOSS_CHUNK);
        return Kernel.of(m -> List.of(
                Launch.blocks(storage.kernel("mse_loss"), chunks, 1, 1, m.at(op.prediction()), m.at(op.target()), m.at(op.weight()), (int) s.imageElements(), n,
                        LOSS_CHUNK, m.scratch()),
                Launch.blocks("mse_loss_finish", 1, 1, 1, m.scratch(), chunks, n, m.at(op.loss())))).withScratch((long) chunks * Float.BYTES);
    }

    Kernel mseLossBackward(Loss.MseLossBackward op) {
        Shape s = op.prediction().shape();
        int n = (int) s.elements();
        return Kernel.of(m -> List.of(Launch.threads(storage.kernel("mse_loss_backward"), n, m.at(op.prediction()), m.at(op.target()), m.at(op.weight()),
                (int) s.imageElements(), n, m.at(op.dPrediction()))));
    }

    Kernel chainTimestep(Diffusion.Lookup op) {
        int n = op.y().shape().n();
        Shape table = op.table().shape();
        return Kernel.of(m -> List.of(Launch.threads("chain_timestep", n, m.at(op.table()), table.n(), table.c(), m.at(op.row()), n, m.at(op.y()),
                m.fault(), m.faultCode()))).withFault(badCursor(op.table()));
    }

    /** The step, and then the cursor, when every block has read it. */
    Kernel samplingStep(Diffusion.SamplingStep op) {
        Shape s = op.x().shape();
        int elements = (int) s.imageElements();
        int rows = op.table().shape().n();
        return Kernel.of(m -> List.of(
                Launch.blocks(storage.kernel("sampling_step"), Philox.threadBlocks(elements), s.n(), 1, m.at(op.out()), m.at(op.table()), rows, m.at(op.rng()),
                        m.at(op.index()), m.at(op.x()), m.at(op.h1()), m.at(op.h2()), m.at(op.cursor()), elements),
                Launch.threads("advance_cursor", 1, m.at(op.cursor()), rows, m.fault(), m.faultCode()))).withFault(badCursor(op.table()));
    }

    private static IntFunction<String> badCursor(Value table) {
        int rows = table.shape().n();
        return cursor -> "cursor " + cursor + " is outside the table, which has rows 0 to " + (rows - 1) + "; set it back to 0 to start another chain";
    }
}
