package sirocco.cpu;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import sirocco.api.DType;
import sirocco.api.Op;
import sirocco.api.Shape;
import sirocco.api.Step;
import sirocco.api.Value;
import sirocco.cpu.attention.AttentionBackward;
import sirocco.cpu.attention.AttentionForward;
import sirocco.cpu.noise.DropLabels;
import sirocco.cpu.noise.Dropout;
import sirocco.cpu.noise.Noising;
import sirocco.cpu.noise.SamplingStep;
import sirocco.cpu.norm.ChannelSum;
import sirocco.cpu.norm.GroupNorm;
import sirocco.cpu.norm.GroupNormBackward;
import sirocco.cpu.optim.AdamEma;
import sirocco.cpu.optim.GradientNorm;
import sirocco.cpu.pointwise.Add;
import sirocco.cpu.pointwise.ClassEmbedding;
import sirocco.cpu.pointwise.Concat;
import sirocco.cpu.pointwise.Guidance;
import sirocco.cpu.pointwise.MseLoss;
import sirocco.cpu.pointwise.MseLossBackward;
import sirocco.cpu.pointwise.Repeat;
import sirocco.cpu.pointwise.Silu;
import sirocco.cpu.pointwise.SiluBackward;
import sirocco.cpu.pointwise.TimeEmbedding;
import sirocco.cpu.pointwise.Upsample;
import sirocco.cpu.pointwise.UpsampleBackward;

/** Makes the kernel of each op. */
final class KernelFactory {
    /** A place that is not there, for optional operands of kernels that take an array and an offset. */
    private static final Slice NOWHERE = new Slice(null, 0);

    private final Layouts layouts;
    private final Workers workers;
    private final ConvKernels convolutions;

    KernelFactory(Layouts layouts, Workers workers) {
        this.layouts = layouts;
        this.workers = workers;
        convolutions = new ConvKernels(layouts, workers);
    }

    Kernel of(Step step) {
        return switch (step.op()) {
            case Op.Conv2d op -> convolutions.forward(op);
            case Op.Conv2dBackwardData op -> convolutions.backwardData(op);
            case Op.Conv2dBackwardWeights op -> convolutions.backwardWeights(op);

            case Op.GroupNorm op -> groupNorm(op);
            case Op.GroupNormBackward op -> groupNormBackward(op);
            case Op.Silu op -> unary(new Silu(at(op.x()), at(op.y()), workers)::run, op.x(), op.y());
            case Op.SiluBackward op -> binary(new SiluBackward(at(op.x()), at(op.dy()), at(op.dx()), workers)::run, op.x(), op.dy(), op.dx());
            case Op.Attention op -> attention(op);
            case Op.AttentionBackward op -> attentionBackward(op);

            case Op.Add op -> binary(new Add(at(op.a()), at(op.b()), at(op.y()), workers)::run, op.a(), op.b(), op.y());
            case Op.Concat op -> binary(new Concat(at(op.a()), at(op.b()), at(op.y()), workers)::run, op.a(), op.b(), op.y());
            case Op.Slice op -> unary(new sirocco.cpu.pointwise.Slice(at(op.x()), op.from(), at(op.y()), workers)::run, op.x(), op.y());
            case Op.Upsample op -> unary(new Upsample(at(op.x()), at(op.y()), workers)::run, op.x(), op.y());
            case Op.UpsampleBackward op -> unary(new UpsampleBackward(at(op.dy()), at(op.dx()), workers)::run, op.dy(), op.dx());
            case Op.SumPixels op -> unary(new ChannelSum(at(op.x()), at(op.y()), workers)::run, op.x(), op.y());
            case Op.Dropout op -> dropout(op);
            case Op.Repeat op -> op.x().dtype() == DType.F32 ? unary(new Repeat(at(op.x()), at(op.y()), workers)::run, op.x(), op.y())
                    : Kernel.of(m -> {
                        int[] x = m.ints(op.x());
                        int[] y = m.ints(op.y());
                        return () -> Bookkeeping.repeat(x, y);
                    });

            case Op.TimestepEmbedding op -> unary(
                    new TimeEmbedding(at(op.y()), op.flipSinToCos(), op.freqShift(), op.maxPeriod(), workers)::run, op.t(), op.y());
            case Op.Embedding op -> embedding(op);
            case Op.EmbeddingBackward op -> embeddingBackward(op);
            case Op.DropLabels op -> dropLabels(op);

            case Op.Noising op -> noising(op);
            case Op.MseLoss op -> mseLoss(op);
            case Op.MseLossBackward op -> mseLossBackward(op);
            case Op.ChainTimestep op -> Kernel.of(m -> {
                Slice table = m.at(op.table());
                int[] cursor = m.ints(op.cursor());
                Slice t = m.at(op.t());
                Shape s = op.table().shape();
                int n = op.t().shape().n();
                return () -> Bookkeeping.chainTimestep(table, s.n(), s.c(), cursor[0], t, n);
            });
            case Op.Guidance op -> binary(new Guidance(at(op.x()), at(op.y()), workers)::run, op.x(), op.scale(), op.y());
            case Op.SamplingStep op -> samplingStep(op);

            case Op.GradientNorm op -> gradientNorm(op);
            case Op.AdamEma op -> adamEma(op);
        };
    }

    // ---- one value in, one out, and the like -----------------------------------------------------------------------------------

    private interface Unary {
        void run(float[] x, int xAt, float[] y, int yAt);
    }

    private interface Binary {
        void run(float[] a, int aAt, float[] b, int bAt, float[] y, int yAt);
    }

    private static Kernel unary(Unary kernel, Value x, Value y) {
        return Kernel.of(m -> {
            Slice from = m.at(x);
            Slice to = m.at(y);
            return () -> kernel.run(from.array(), from.offset(), to.array(), to.offset());
        });
    }

    private static Kernel binary(Binary kernel, Value a, Value b, Value y) {
        return Kernel.of(m -> {
            Slice first = m.at(a);
            Slice second = m.at(b);
            Slice to = m.at(y);
            return () -> kernel.run(first.array(), first.offset(), second.array(), second.offset(), to.array(), to.offset());
        });
    }

    // ---- normalisation and attention -------------------------------------------------------------------------------------------

    private Kernel groupNorm(Op.GroupNorm op) {
        GroupNorm kernel = new GroupNorm(at(op.x()), at(op.y()), op.groups(), op.eps(), op.silu(), workers);
        return Kernel.of(kernel.scratchFloats(), (m, scratch) -> {
            Slice x = m.at(op.x());
            Slice gamma = m.at(op.gamma());
            Slice beta = m.at(op.beta());
            Slice y = m.at(op.y());
            Slice stats = m.at(op.stats());
            return () -> kernel.run(x.array(), x.offset(), gamma.array(), gamma.offset(), beta.array(), beta.offset(), y.array(), y.offset(),
                    stats.array(), stats.offset(), scratch.array(), scratch.offset());
        });
    }

    private Kernel groupNormBackward(Op.GroupNormBackward op) {
        GroupNormBackward kernel = new GroupNormBackward(at(op.x()), at(op.dy()), layouts.of(op.addend()), at(op.dx()), op.groups(), op.silu(),
                workers);
        return Kernel.of(kernel.scratchFloats(), (m, scratch) -> {
            Slice x = m.at(op.x());
            Slice stats = m.at(op.stats());
            Slice gamma = m.at(op.gamma());
            Slice beta = m.at(op.beta());
            Slice dy = m.at(op.dy());
            Slice addend = orNowhere(m, op.addend());
            Slice dx = m.at(op.dx());
            Slice dGamma = m.at(op.dGamma());
            Slice dBeta = m.at(op.dBeta());
            return () -> kernel.run(x.array(), x.offset(), stats.array(), stats.offset(), gamma.array(), gamma.offset(), beta.array(),
                    beta.offset(), dy.array(), dy.offset(), addend.array(), addend.offset(), dx.array(), dx.offset(), dGamma.array(),
                    dGamma.offset(), dBeta.array(), dBeta.offset(), scratch.array(), scratch.offset());
        });
    }

    private Kernel attention(Op.Attention op) {
        AttentionForward kernel = new AttentionForward(at(op.q()), at(op.k()), at(op.v()), at(op.y()), at(op.logSumExp()), op.heads(), workers);
        return Kernel.of(kernel.scratchFloats(), (m, scratch) -> {
            Slice q = m.at(op.q());
            Slice k = m.at(op.k());
            Slice v = m.at(op.v());
            Slice y = m.at(op.y());
            Slice logSumExp = m.at(op.logSumExp());
            return () -> kernel.run(q, k, v, y, logSumExp, scratch);
        });
    }

    private Kernel attentionBackward(Op.AttentionBackward op) {
        AttentionBackward kernel = new AttentionBackward(at(op.q()), at(op.k()), at(op.v()), at(op.y()), at(op.logSumExp()), at(op.dy()),
                at(op.dq()), at(op.dk()), at(op.dv()), op.heads(), workers);
        return Kernel.of(kernel.scratchFloats(), (m, scratch) -> {
            Slice q = m.at(op.q());
            Slice k = m.at(op.k());
            Slice v = m.at(op.v());
            Slice y = m.at(op.y());
            Slice logSumExp = m.at(op.logSumExp());
            Slice dy = m.at(op.dy());
            Slice dq = m.at(op.dq());
            Slice dk = m.at(op.dk());
            Slice dv = m.at(op.dv());
            return () -> kernel.run(q, k, v, y, logSumExp, dy, dq, dk, dv, scratch);
        });
    }

    // ---- conditioning and diffusion --------------------------------------------------------------------------------------------

    private Kernel dropout(Op.Dropout op) {
        Dropout kernel = new Dropout(at(op.x()), at(op.y()), op.p(), op.id(), workers);
        return Kernel.of(m -> {
            Slice x = m.at(op.x());
            int[] rng = m.ints(op.rng());
            int[] index = m.ints(op.index());
            Slice y = m.at(op.y());
            return () -> kernel.run(x.array(), x.offset(), rng, 0, index, 0, y.array(), y.offset());
        });
    }

    private Kernel embedding(Op.Embedding op) {
        ClassEmbedding kernel = new ClassEmbedding(at(op.y()), op.table().shape().n(), workers);
        return Kernel.of(m -> {
            int[] ids = m.ints(op.ids());
            Slice table = m.at(op.table());
            Slice y = m.at(op.y());
            return () -> kernel.run(ids, 0, table.array(), table.offset(), y.array(), y.offset());
        });
    }

    private Kernel embeddingBackward(Op.EmbeddingBackward op) {
        ClassEmbedding kernel = new ClassEmbedding(at(op.dy()), op.dTable().shape().n(), workers);
        return Kernel.of(m -> {
            int[] ids = m.ints(op.ids());
            Slice dy = m.at(op.dy());
            Slice dTable = m.at(op.dTable());
            return () -> kernel.runBackward(ids, 0, dy.array(), dy.offset(), dTable.array(), dTable.offset());
        });
    }

    private static Kernel dropLabels(Op.DropLabels op) {
        DropLabels kernel = new DropLabels(op.y().shape().n(), op.p(), op.nullLabel());
        return Kernel.of(m -> {
            int[] labels = m.ints(op.labels());
            int[] rng = m.ints(op.rng());
            int[] index = m.ints(op.index());
            int[] y = m.ints(op.y());
            return () -> kernel.run(labels, 0, rng, 0, index, 0, y, 0);
        });
    }

    private Kernel noising(Op.Noising op) {
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

    private Kernel mseLoss(Op.MseLoss op) {
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

    private Kernel mseLossBackward(Op.MseLossBackward op) {
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

    private Kernel samplingStep(Op.SamplingStep op) {
        SamplingStep kernel = new SamplingStep(at(op.x()), at(op.out()), layouts.of(op.h1()), op.table().shape().n(), workers);
        return Kernel.of(m -> {
            Slice x = m.at(op.x());
            Slice out = m.at(op.out());
            Slice h1 = orNowhere(m, op.h1());
            Slice h2 = orNowhere(m, op.h2());
            Slice table = m.at(op.table());
            int[] cursor = m.ints(op.cursor());
            int[] rng = m.ints(op.rng());
            int[] index = m.ints(op.index());
            return () -> kernel.run(x.array(), x.offset(), out.array(), out.offset(), h1.array(), h1.offset(), h2.array(), h2.offset(),
                    table.array(), table.offset(), cursor, 0, rng, 0, index, 0);
        });
    }

    // ---- optimizer -------------------------------------------------------------------------------------------------------------

    private Kernel gradientNorm(Op.GradientNorm op) {
        return Kernel.of(m -> {
            Regions regions = Regions.of(m, layouts, List.of(op.gradients()));
            Slice norm = m.at(op.norm());
            GradientNorm[] kernels = new GradientNorm[regions.count()];
            for (int i = 0; i < kernels.length; i++) {
                kernels[i] = new GradientNorm(regions.floats()[i], workers);
            }
            float[] norms = new float[kernels.length];
            return () -> {
                double squares = 0;
                for (int i = 0; i < kernels.length; i++) {
                    Slice g = regions.starts()[i][0];
                    kernels[i].run(g.array(), g.offset(), norms, i);
                    squares += (double) norms[i] * norms[i];
                }
                norm.array()[norm.offset()] = (float) Math.sqrt(squares);
            };
        });
    }

    private Kernel adamEma(Op.AdamEma op) {
        return Kernel.of(m -> {
            Regions regions = Regions.of(m, layouts, List.of(op.parameters(), op.gradients(), op.m(), op.v(), op.ema()));
            Slice hyper = m.at(op.hyper());
            Slice norm = m.at(op.norm());
            AdamEma[] kernels = new AdamEma[regions.count()];
            for (int i = 0; i < kernels.length; i++) {
                kernels[i] = new AdamEma(regions.floats()[i], workers);
            }
            return () -> {
                for (int i = 0; i < kernels.length; i++) {
                    Slice[] at = regions.starts()[i];
                    kernels[i].run(at[0].array(), at[0].offset(), at[1].array(), at[1].offset(), at[2].array(), at[2].offset(), at[3].array(),
                            at[3].offset(), at[4].array(), at[4].offset(), hyper.array(), hyper.offset(), norm.array(), norm.offset());
                }
            };
        });
    }

    // ---- operands --------------------------------------------------------------------------------------------------------------

    private Layout at(Value v) {
        return layouts.of(v);
    }

    private static Slice orNowhere(Memory m, Optional<Value> v) {
        return v.isPresent() ? m.at(v.get()) : NOWHERE;
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
