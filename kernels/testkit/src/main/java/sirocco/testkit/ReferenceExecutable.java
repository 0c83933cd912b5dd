package sirocco.testkit;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.function.IntToDoubleFunction;
import sirocco.api.DType;
import sirocco.api.Executable;
import sirocco.api.HostArrays;
import sirocco.api.Op;
import sirocco.api.Plan;
import sirocco.api.Step;
import sirocco.api.StepTrace;
import sirocco.api.Value;

/**
 * Runs a plan by the reference formulas. Memory is laid out as the plan says, so that a mistake of the planner shows as a wrong result;
 * temporaries are NaN at first, so that reading what was never written does too.
 */
public final class ReferenceExecutable implements Executable {
    private final Plan plan;
    private final Tensor[] tensors;

    ReferenceExecutable(Plan plan) {
        this.plan = plan;
        double[] arena = new double[elements(plan.arenaBytes(), "arena")];
        double[] persistent = new double[elements(plan.persistentBytes(), "persistent values")];
        Arrays.fill(arena, Double.NaN);
        tensors = new Tensor[plan.graph().values().size()];
        for (Value v : plan.graph().values()) {
            Plan.Slot slot = plan.slot(v);
            if (slot != null) {
                double[] region = slot.region() == Plan.Region.ARENA ? arena : persistent;
                tensors[v.id()] = new Tensor(v.shape(), region, (int) (slot.offset() / Double.BYTES));
            }
        }
    }

    private static int elements(long bytes, String what) {
        if (bytes / Double.BYTES > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("reference: " + what + " of " + bytes + " bytes do not fit into one array; use a smaller batch");
        }
        return (int) (bytes / Double.BYTES);
    }

    @Override
    public Plan plan() {
        return plan;
    }

    // ---- host arrays -----------------------------------------------------------------------------------------------------------

    @Override
    public void write(Value v, float[] data) {
        store(v, DType.F32, data.length, i -> data[i]);
    }

    @Override
    public void write(Value v, int[] data) {
        store(v, DType.I32, data.length, i -> data[i]);
    }

    @Override
    public void write(Value v, byte[] data) {
        store(v, DType.U8, data.length, i -> Byte.toUnsignedInt(data[i]));
    }

    @Override
    public void write(Value v, long first, byte[] part) {
        HostArrays.checkWrite(plan, v, DType.U8, first, part.length);
        Tensor t = tensors[v.id()];
        for (int i = 0; i < part.length; i++) {
            t.set((int) first + i, Byte.toUnsignedInt(part[i]));
        }
    }

    /** Sets an F32 persistent value, unrounded: for finite differences. */
    public void writeExact(Value v, double[] data) {
        store(v, DType.F32, data.length, i -> data[i]);
    }

    private Tensor writable(Value v, DType dtype, int length) {
        HostArrays.checkWrite(plan, v, dtype, length);
        return tensors[v.id()];
    }

    private void store(Value v, DType dtype, int length, IntToDoubleFunction element) {
        Tensor t = writable(v, dtype, length);
        for (int i = 0; i < length; i++) {
            t.set(i, element.applyAsDouble(i));
        }
    }

    @Override
    public void read(Value v, float[] data) {
        Tensor t = readable(v, DType.F32, data.length);
        for (int i = 0; i < data.length; i++) {
            data[i] = (float) t.get(i);
        }
    }

    @Override
    public void read(Value v, int[] data) {
        Tensor t = readable(v, DType.I32, data.length);
        for (int i = 0; i < data.length; i++) {
            data[i] = t.integer(i);
        }
    }

    /** A persistent value or output, unrounded, of whatever type. */
    public double[] readExact(Value v) {
        Tensor t = readable(v, v.dtype(), (int) v.shape().elements());
        return Arrays.copyOfRange(t.data(), t.offset(), t.offset() + t.size());
    }

    private Tensor readable(Value v, DType dtype, int length) {
        HostArrays.checkRead(plan, v, dtype, length);
        return tensors[v.id()];
    }

    // ---- running ---------------------------------------------------------------------------------------------------------------

    @Override
    public void run() {
        for (Step step : plan.graph().steps()) {
            run(step);
        }
    }

    @Override
    public void trace(IntPredicate observed, Consumer<StepTrace> observer) {
        List<Step> steps = plan.graph().steps();
        for (int i = 0; i < steps.size(); i++) {
            long start = System.nanoTime();
            run(steps.get(i));
            long nanos = System.nanoTime() - start;
            observer.accept(StepTrace.of(i, steps.get(i), nanos, "", observed.test(i), this::rounded));
        }
    }

    private float[] rounded(Value v) {
        Tensor t = tensors[v.id()];
        float[] copy = new float[t.size()];
        for (int i = 0; i < copy.length; i++) {
            copy[i] = (float) t.get(i);
        }
        return copy;
    }

    private void run(Step step) {
        switch (step.op()) {
            case Op.Conv2d op -> ReferenceConv.forward(of(op.x()), of(op.w()), of(op.bias()), of(op.perChannel()), of(op.residual()), op.window(),
                    of(op.y()));
            case Op.Conv2dBackwardData op -> ReferenceConv.backwardData(of(op.dy()), of(op.w()), op.window(), of(op.dx()));
            case Op.Conv2dBackwardWeights op -> ReferenceConv.backwardWeights(of(op.x()), of(op.dy()), op.window(), of(op.dw()), of(op.dBias()));

            case Op.GroupNorm op -> ReferenceNorm.forward(of(op.x()), of(op.gamma()), of(op.beta()), op.groups(), op.eps(), op.silu(), of(op.y()),
                    of(op.stats()));
            case Op.GroupNormBackward op -> ReferenceNorm.backward(of(op.x()), of(op.stats()), of(op.gamma()), of(op.beta()), of(op.dy()),
                    of(op.addend()), op.groups(), op.silu(), of(op.dx()), of(op.dGamma()), of(op.dBeta()));
            case Op.Silu op -> ReferenceNorm.silu(of(op.x()), of(op.y()));
            case Op.SiluBackward op -> ReferenceNorm.siluBackward(of(op.x()), of(op.dy()), of(op.dx()));

            case Op.Attention op -> ReferenceAttention.forward(of(op.q()), of(op.k()), of(op.v()), op.heads(), of(op.y()), of(op.logSumExp()));
            case Op.AttentionBackward op -> ReferenceAttention.backward(of(op.q()), of(op.k()), of(op.v()), of(op.dy()), op.heads(), of(op.dq()),
                    of(op.dk()), of(op.dv()));

            case Op.Add op -> ReferenceMoves.add(of(op.a()), of(op.b()), of(op.y()));
            case Op.Concat op -> ReferenceMoves.concat(of(op.a()), of(op.b()), of(op.y()));
            case Op.Slice op -> ReferenceMoves.slice(of(op.x()), op.from(), of(op.y()));
            case Op.Upsample op -> ReferenceMoves.upsample(of(op.x()), of(op.y()));
            case Op.UpsampleBackward op -> ReferenceMoves.upsampleBackward(of(op.dy()), of(op.dx()));
            case Op.SumPixels op -> ReferenceMoves.sumPixels(of(op.x()), of(op.y()));
            case Op.Repeat op -> ReferenceMoves.repeat(of(op.x()), of(op.y()));

            case Op.Dropout op -> ReferenceConditioning.dropout(of(op.x()), of(op.rng()), of(op.index()), op.p(), op.id(), of(op.y()));
            case Op.TimestepEmbedding op -> ReferenceConditioning.timestepEmbedding(of(op.t()), op.flipSinToCos(), op.freqShift(), op.maxPeriod(),
                    of(op.y()));
            case Op.Embedding op -> ReferenceConditioning.embedding(step, of(op.ids()), of(op.table()), of(op.y()));
            case Op.EmbeddingBackward op -> ReferenceConditioning.embeddingBackward(step, of(op.ids()), of(op.dy()), of(op.dTable()));
            case Op.DropLabels op -> ReferenceConditioning.dropLabels(of(op.labels()), of(op.rng()), of(op.index()), op.p(), op.nullLabel(),
                    of(op.y()));

            case Op.GatherImages op -> ReferenceDiffusion.gatherImages(step, of(op.dataset()), of(op.ids()), of(op.images()));
            case Op.Noising op -> ReferenceDiffusion.noising(of(op.images()), of(op.schedule()), of(op.rng()), of(op.index()), op.flip(),
                    of(op.xt()), of(op.target()), of(op.t()), of(op.weight()));
            case Op.MseLoss op -> ReferenceDiffusion.mseLoss(of(op.prediction()), of(op.target()), of(op.weight()), of(op.loss()));
            case Op.MseLossBackward op -> ReferenceDiffusion.mseLossBackward(of(op.prediction()), of(op.target()), of(op.weight()),
                    of(op.dPrediction()));
            case Op.ChainTimestep op -> ReferenceDiffusion.chainTimestep(step, of(op.table()), of(op.cursor()), of(op.t()));
            case Op.Guidance op -> ReferenceDiffusion.guidance(of(op.x()), of(op.scale()), of(op.y()));
            case Op.SamplingStep op -> ReferenceDiffusion.samplingStep(step, of(op.out()), of(op.table()), of(op.rng()), of(op.index()), of(op.x()),
                    of(op.h1()), of(op.h2()), of(op.cursor()));

            case Op.GradientNorm op -> ReferenceOptimizer.gradientNorm(of(op.gradients()), of(op.norm()));
            case Op.RecordStep op -> ReferenceOptimizer.recordStep(of(op.loss()), of(op.norm()), of(op.rng()), of(op.history()), of(op.failed()),
                    of(op.guard()));
            case Op.AdamEma op -> ReferenceOptimizer.adamEma(of(op.norm()), of(op.hyper()), of(op.parameters()), of(op.gradients()), of(op.m()),
                    of(op.v()), of(op.ema()));
        }
    }

    private Tensor of(Value v) {
        return tensors[v.id()];
    }

    private Optional<Tensor> of(Optional<Value> v) {
        return v.map(this::of);
    }

    private List<Tensor> of(List<Value> values) {
        return values.stream().map(this::of).toList();
    }

    @Override
    public void close() { }
}
