package sirocco.cuda.kernel;

import java.util.List;
import java.util.stream.Stream;
import sirocco.api.Diffusion;
import sirocco.api.Loss;
import sirocco.api.Movement;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.gpu.FaultMessages;

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
                .withFault(FaultMessages.imageOutside(op.dataset()));
    }

    Kernel noising(Diffusion.Noising op) {
        Shape s = op.images().shape();
        int elements = (int) s.imageElements();
        return Kernel.of(m -> List.of(Launch.noise(storage.kernel("noising"), s.n(), elements, m.at(op.images()),
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

    Kernel lookup(Diffusion.Lookup op) {
        int n = op.y().shape().n();
        Shape table = op.table().shape();
        int ofEach = op.row().shape().n() > 1 ? 1 : 0;
        return Kernel.of(m -> List.of(Launch.threads("table_lookup", n, m.at(op.table()), table.n(), (int) table.imageElements(), op.column(), m.at(op.row()),
                ofEach, n, m.at(op.y()), m.fault(), m.faultCode()))).withFault(FaultMessages.cursorOutside(op.table()));
    }

    Kernel combine(Diffusion.Combine op) {
        Shape s = op.y().getFirst().shape();
        int elements = (int) s.imageElements();
        List<Value> operands = Stream.concat(op.x().stream(), op.y().stream()).toList();
        int ofEach = op.row().shape().n() > 1 ? 1 : 0;
        return Kernel.of(m -> List.of(Launch.blocks("combine_f32", Launch.blocks(elements, Launch.BLOCK), s.n(), 1,
                m.table(operands.stream().mapToLong(m::at).toArray()), op.x().size(), op.y().size(), m.at(op.table()), op.table().shape().n(), m.at(op.row()),
                ofEach, elements, m.fault(), m.faultCode()))).withTable(operands.size()).withFault(FaultMessages.cursorOutside(op.table()));
    }

    Kernel advance(Diffusion.Advance op) {
        return Kernel.of(m -> List.of(Launch.threads("advance_by_one", 1, m.at(op.cursor()))));
    }

    Kernel crossEntropy(Loss.CrossEntropy op) {
        int tokens = (int) op.labels().shape().elements();
        int classes = op.logits().shape().c();
        return Kernel.of(m -> List.of(
                Launch.threads("cross_entropy_f32", 32L * tokens, m.at(op.logits()), m.at(op.labels()), tokens, classes, m.scratch(), m.fault(), m.faultCode()),
                Launch.blocks("mse_loss_finish", 1, 1, 1, m.scratch(), tokens, tokens, m.at(op.loss())))).withScratch((long) tokens * Float.BYTES)
                .withFault(FaultMessages.labelOutside(classes));
    }

    Kernel crossEntropyBackward(Loss.CrossEntropyBackward op) {
        int tokens = (int) op.labels().shape().elements();
        int classes = op.logits().shape().c();
        return Kernel.of(m -> List.of(Launch.threads("cross_entropy_backward_f32", 32L * tokens, m.at(op.logits()), m.at(op.labels()), tokens, classes,
                m.at(op.dLogits()), m.fault(), m.faultCode()))).withFault(FaultMessages.labelOutside(classes));
    }

    /** The step, and then the cursor, when every block has read it. */
    Kernel samplingStep(Diffusion.SamplingStep op) {
        Shape s = op.x().shape();
        int elements = (int) s.imageElements();
        int rows = op.table().shape().n();
        return Kernel.of(m -> List.of(
                Launch.noise(storage.kernel("sampling_step"), s.n(), elements, m.at(op.out()), m.at(op.table()), rows, m.at(op.rng()),
                        m.at(op.index()), m.at(op.x()), m.at(op.h1()), m.at(op.h2()), m.at(op.cursor()), elements),
                Launch.threads("advance_cursor", 1, m.at(op.cursor()), rows, m.fault(), m.faultCode()))).withFault(FaultMessages.cursorOutside(op.table()));
    }
}
