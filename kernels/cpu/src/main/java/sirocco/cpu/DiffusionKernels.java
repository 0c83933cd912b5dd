package sirocco.cpu;

import java.util.Arrays;
import java.util.Optional;
import sirocco.api.Conditioning;
import sirocco.api.Diffusion;
import sirocco.api.Loss;
import sirocco.api.Movement;
import sirocco.api.Random;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.cpu.noise.Draw;
import sirocco.cpu.noise.DropLabels;
import sirocco.cpu.noise.Dropout;
import sirocco.cpu.noise.ImagePixels;
import sirocco.cpu.noise.Noising;
import sirocco.cpu.noise.SamplingStep;
import sirocco.cpu.pointwise.ClassEmbedding;
import sirocco.cpu.pointwise.Combine;
import sirocco.cpu.pointwise.Guidance;
import sirocco.cpu.pointwise.MseLoss;
import sirocco.cpu.pointwise.MseLossBackward;
import sirocco.cpu.pointwise.TimeEmbedding;
import sirocco.cpu.tokens.CrossEntropy;
import sirocco.cpu.tokens.Embedding;

/** Makes the kernels of conditioning, noise, loss and sampling. */
final class DiffusionKernels {
    private final Layouts layouts;
    private final Workers workers;

    DiffusionKernels(Layouts layouts, Workers workers) {
        this.layouts = layouts;
        this.workers = workers;
    }

    Kernel dropout(Random.Dropout op) {
        Dropout kernel = new Dropout(at(op.x()), at(op.y()), op.p(), op.id(), workers);
        return Kernel.of(m -> {
            Slice x = m.at(op.x());
            int[] rng = m.ints(op.rng());
            int[] index = m.ints(op.index());
            Slice y = m.at(op.y());
            return () -> kernel.run(x.array(), x.offset(), rng, 0, index, 0, y.array(), y.offset());
        });
    }

    Kernel timestepEmbedding(Conditioning.TimestepEmbedding op) {
        return Kernel.unary(new TimeEmbedding(layouts.of(op.y()), op.flipSinToCos(), op.freqShift(), op.maxPeriod(), workers)::run, op.t(), op.y());
    }

    Kernel guidance(Diffusion.Guidance op) {
        return Kernel.binary(new Guidance(layouts.of(op.x()), layouts.of(op.y()), workers)::run, op.x(), op.scale(), op.y());
    }

    Kernel embedding(Conditioning.Embedding op) {
        int rows = op.table().shape().n();
        ClassEmbedding ofImages = Demand.ofImages(op.ids().shape()) ? new ClassEmbedding(at(op.y()), rows, workers) : null;
        Embedding ofTokens = ofImages == null ? new Embedding((int) op.ids().shape().elements(), rows, op.table().shape().c(), workers) : null;
        return Kernel.of(m -> {
            int[] ids = m.ints(op.ids());
            Slice table = m.at(op.table());
            Slice y = m.at(op.y());
            return ofTokens != null ? () -> ofTokens.run(ids, table, y)
                    : () -> ofImages.run(ids, 0, table.array(), table.offset(), y.array(), y.offset());
        });
    }

    Kernel embeddingBackward(Conditioning.EmbeddingBackward op) {
        int rows = op.dTable().shape().n();
        ClassEmbedding ofImages = Demand.ofImages(op.ids().shape()) ? new ClassEmbedding(at(op.dy()), rows, workers) : null;
        Embedding ofTokens = ofImages == null ? new Embedding((int) op.ids().shape().elements(), rows, op.dTable().shape().c(), workers) : null;
        return Kernel.of(m -> {
            int[] ids = m.ints(op.ids());
            Slice dy = m.at(op.dy());
            Slice dTable = m.at(op.dTable());
            return ofTokens != null ? () -> ofTokens.runBackward(ids, dy, dTable)
                    : () -> ofImages.runBackward(ids, 0, dy.array(), dy.offset(), dTable.array(), dTable.offset());
        });
    }

    static Kernel dropLabels(Random.DropLabels op) {
        DropLabels kernel = new DropLabels(op.y().shape().n(), op.p(), op.nullLabel());
        return Kernel.of(m -> {
            int[] labels = m.ints(op.labels());
            int[] rng = m.ints(op.rng());
            int[] index = m.ints(op.index());
            int[] y = m.ints(op.y());
            return () -> kernel.run(labels, 0, rng, 0, index, 0, y, 0);
        });
    }

    static Kernel gatherImages(Movement.GatherImages op) {
        int size = op.dataset().shape().n();
        return Kernel.of(m -> {
            byte[] dataset = m.bytes(op.dataset());
            int[] ids = m.ints(op.ids());
            byte[] images = m.bytes(op.images());
            return () -> Bookkeeping.gatherImages(dataset, size, ids, images);
        });
    }

    Kernel noising(Diffusion.Noising op) {
        Noising kernel = new Noising(at(op.xt()), at(op.target()), op.schedule().shape().n(), op.flip(), workers);
        return Kernel.of(m -> {
            byte[] images = m.bytes(op.images());
            int[] rng = m.ints(op.rng());
            int[] index = m.ints(op.index());
            Slice schedule = m.at(op.schedule());
            Slice xt = m.at(op.xt());
            Slice target = m.at(op.target());
            Slice t = m.at(op.t());
            Slice weight = m.at(op.weight());
            return () -> kernel.run(images, 0, rng, 0, index, 0, schedule.array(), schedule.offset(), xt.array(), xt.offset(), target.array(),
                    target.offset(), t.array(), t.offset(), weight.array(), weight.offset());
        });
    }

    static Kernel lookup(Diffusion.Lookup op) {
        Shape s = op.table().shape();
        int n = op.y().shape().n();
        return Kernel.of(m -> {
            Slice table = m.at(op.table());
            int[] row = m.ints(op.row());
            Slice y = m.at(op.y());
            return () -> Bookkeeping.lookup(table, s.n(), (int) s.imageElements(), op.column(), row, y, n);
        });
    }

    Kernel combine(Diffusion.Combine op) {
        Combine kernel = new Combine(layouts.of(op.x()), layouts.of(op.y()), op.table().shape().n(), workers);
        return Kernel.of(m -> {
            Slice table = m.at(op.table());
            int[] row = m.ints(op.row());
            Slice[] x = m.at(op.x());
            Slice[] y = m.at(op.y());
            return () -> kernel.run(table, row, x, y);
        });
    }

    static Kernel advance(Diffusion.Advance op) {
        return Kernel.of(m -> {
            int[] cursor = m.ints(op.cursor());
            return () -> cursor[0]++;
        });
    }

    Kernel pixels(Diffusion.Pixels op) {
        ImagePixels kernel = new ImagePixels(op.x0().shape(), op.flip(), workers);
        return Kernel.of(m -> {
            byte[] images = m.bytes(op.images());
            int[] rng = m.ints(op.rng());
            int[] index = m.ints(op.index());
            Slice x0 = m.at(op.x0());
            return () -> kernel.run(images, rng, index, x0);
        });
    }

    Kernel draw(Random.Draw op) {
        Draw kernel = new Draw(op.distribution(), op.y().shape().n(), (int) op.y().shape().imageElements(), op.stream(), workers);
        return Kernel.of(m -> {
            int[] rng = m.ints(op.rng());
            int[] index = m.ints(op.index());
            Slice y = m.at(op.y());
            if (op.step().isPresent()) {
                int[] step = m.ints(op.step().get());
                return () -> kernel.run(rng, index, step[0], y);
            }
            return () -> kernel.run(rng, index, rng[2], y);
        });
    }

    static Kernel drawTimestep(Random.DrawTimestep op) {
        return Kernel.of(m -> {
            int[] rng = m.ints(op.rng());
            int[] index = m.ints(op.index());
            int[] t = m.ints(op.t());
            int[] block = new int[4];
            return () -> Bookkeeping.drawTimestep(rng, index, op.bound(), t, block);
        });
    }

    Kernel crossEntropy(Loss.CrossEntropy op) {
        CrossEntropy kernel = new CrossEntropy((int) op.labels().shape().elements(), op.logits().shape().c(), workers);
        return Kernel.of(m -> {
            Slice logits = m.at(op.logits());
            int[] labels = m.ints(op.labels());
            Slice loss = m.at(op.loss());
            return () -> kernel.run(logits, labels, loss);
        });
    }

    Kernel crossEntropyBackward(Loss.CrossEntropyBackward op) {
        CrossEntropy kernel = new CrossEntropy((int) op.labels().shape().elements(), op.logits().shape().c(), workers);
        return Kernel.of(m -> {
            Slice logits = m.at(op.logits());
            int[] labels = m.ints(op.labels());
            Slice dLogits = m.at(op.dLogits());
            return () -> kernel.runBackward(logits, labels, dLogits);
        });
    }

    Kernel mseLoss(Loss.MseLoss op) {
        MseLoss kernel = new MseLoss(at(op.prediction()), at(op.target()), workers);
        return Kernel.of(m -> {
            Slice prediction = m.at(op.prediction());
            Slice target = m.at(op.target());
            Slice weight = orOnes(m, op.weight(), op.prediction());
            Slice loss = m.at(op.loss());
            return () -> kernel.run(prediction.array(), prediction.offset(), target.array(), target.offset(), weight.array(), weight.offset(),
                    loss.array(), loss.offset());
        });
    }

    Kernel mseLossBackward(Loss.MseLossBackward op) {
        MseLossBackward kernel = new MseLossBackward(at(op.prediction()), at(op.target()), at(op.dPrediction()), workers);
        return Kernel.of(m -> {
            Slice prediction = m.at(op.prediction());
            Slice target = m.at(op.target());
            Slice weight = orOnes(m, op.weight(), op.prediction());
            Slice gradient = m.at(op.dPrediction());
            return () -> kernel.run(prediction.array(), prediction.offset(), target.array(), target.offset(), weight.array(), weight.offset(),
                    gradient.array(), gradient.offset());
        });
    }

    Kernel samplingStep(Diffusion.SamplingStep op) {
        SamplingStep kernel = new SamplingStep(at(op.x()), at(op.out()), layouts.of(op.h1()), layouts.of(op.h2()), op.table().shape().n(), workers);
        return Kernel.of(m -> {
            Slice x = m.at(op.x());
            Slice out = m.at(op.out());
            Slice h1 = m.atOrNowhere(op.h1());
            Slice h2 = m.atOrNowhere(op.h2());
            Slice table = m.at(op.table());
            int[] cursor = m.ints(op.cursor());
            int[] rng = m.ints(op.rng());
            int[] index = m.ints(op.index());
            return () -> kernel.run(x.array(), x.offset(), out.array(), out.offset(), h1.array(), h1.offset(), h2.array(), h2.offset(),
                    table.array(), table.offset(), cursor, 0, rng, 0, index, 0);
        });
    }

    private Layout at(Value v) {
        return layouts.of(v);
    }

    /** A weight for each image: 1 where there is none. */
    private static Slice orOnes(Memory m, Optional<Value> weight, Value images) {
        if (weight.isPresent()) {
            return m.at(weight.get());
        }
        float[] ones = new float[images.shape().n()];
        Arrays.fill(ones, 1f);
        return new Slice(ones, 0);
    }
}
