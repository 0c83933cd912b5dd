package sirocco.testkit;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.function.IntToDoubleFunction;
import sirocco.api.Attention;
import sirocco.api.Conditioning;
import sirocco.api.Convolution;
import sirocco.api.DType;
import sirocco.api.Diffusion;
import sirocco.api.Executable;
import sirocco.api.Graph;
import sirocco.api.HostArrays;
import sirocco.api.Loss;
import sirocco.api.Movement;
import sirocco.api.Normalization;
import sirocco.api.Optimizer;
import sirocco.api.Plan;
import sirocco.api.Pointwise;
import sirocco.api.Product;
import sirocco.api.Random;
import sirocco.api.Reduction;
import sirocco.api.Step;
import sirocco.api.StepTrace;
import sirocco.api.Value;

/**
 * Runs a plan of primitives by the formulas that define them. Memory is laid out as the plan says, so that a mistake of the planner shows as a wrong result;
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
    public void run(String phase) {
        Graph.Phase p = plan.graph().phase(phase);
        plan.graph().steps().subList(p.first(), p.end()).forEach(this::run);
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

    /** Runs one step. */
    void run(Step step) {
        switch (step.op()) {
            case Convolution op -> run(op);
            case Product.MatMul op -> ReferenceProduct.matMul(of(op.a()), of(op.b()), op.transposeA(), op.transposeB(), of(op.y()));
            case Reduction.Reduce op -> ReferenceProduct.reduce(of(op.x()), op.function(), of(op.y()));
            case Pointwise op -> run(op);
            case Movement op -> run(step, op);
            case Random op -> run(op);
            case Conditioning.Embedding op -> ReferenceRows.embedding(step, of(op.ids()), of(op.table()), of(op.y()));
            case Conditioning.EmbeddingBackward op -> ReferenceRows.embeddingBackward(step, of(op.ids()), of(op.dy()), of(op.dTable()));
            case Loss.CrossEntropy op -> ReferenceRows.crossEntropy(step, of(op.logits()), of(op.labels()), of(op.loss()));
            case Loss.CrossEntropyBackward op -> ReferenceRows.crossEntropyBackward(step, of(op.logits()), of(op.labels()), of(op.dLogits()));
            case Diffusion.Combine op -> ReferenceDiffusion.combine(step, of(op.table()), of(op.row()), of(op.x()), of(op.y()));
            case Diffusion.Lookup op -> ReferenceDiffusion.lookup(step, of(op.table()), of(op.row()), op.column(), of(op.y()));
            case Diffusion.Advance op -> of(op.cursor()).add(0, 1);
            case Diffusion.Pixels op -> ReferenceDiffusion.pixels(of(op.images()), of(op.rng()), of(op.index()), op.flip(), of(op.x0()));
            case Optimizer op -> run(op);
            case Attention _, Normalization _, Conditioning.TimestepEmbedding _, Loss.MseLoss _, Loss.MseLossBackward _, Diffusion.Noising _,
                    Diffusion.Guidance _, Diffusion.SamplingStep _ -> throw fused(step);
        }
    }

    private void run(Convolution conv) {
        switch (conv) {
            case Convolution.Conv2d op -> ReferenceConv.forward(of(op.x()), of(op.w()), op.window(), of(op.y()));
            case Convolution.Conv2dBackwardData op -> ReferenceConv.backwardData(of(op.dy()), of(op.w()), op.window(), of(op.dx()));
            case Convolution.Conv2dBackwardWeights op -> ReferenceConv.backwardWeights(of(op.x()), of(op.dy()), op.window(), of(op.dw()));
        }
    }

    private void run(Pointwise pointwise) {
        switch (pointwise) {
            case Pointwise.Unary op -> ReferencePointwise.unary(of(op.x()), op.function(), of(op.y()));
            case Pointwise.UnaryBackward op -> ReferencePointwise.unaryBackward(of(op.x()), of(op.dy()), op.function(), of(op.dx()));
            case Pointwise.Affine op -> ReferencePointwise.affine(of(op.x()), op.scale(), op.shift(), of(op.y()));
            case Pointwise.Binary op -> ReferencePointwise.binary(of(op.a()), of(op.b()), op.function(), of(op.y()));
            case Pointwise.Gated _, Pointwise.GatedBackward _ -> throw fused(pointwise);
        }
    }

    private void run(Step step, Movement movement) {
        switch (movement) {
            case Movement.Concat op -> ReferenceMoves.concat(of(op.a()), of(op.b()), op.axis(), of(op.y()));
            case Movement.Slice op -> ReferenceMoves.slice(of(op.x()), op.axis(), op.from(), of(op.y()));
            case Movement.Repeat op -> ReferenceMoves.repeat(of(op.x()), of(op.y()));
            case Movement.Reshape op -> ReferenceMoves.reshape(of(op.x()), of(op.y()));
            case Movement.Permute op -> ReferenceMoves.permute(of(op.x()), op.order(), of(op.y()));
            case Movement.Ramp op -> ReferenceMoves.ramp(op.start(), op.step(), op.axis(), of(op.y()));
            case Movement.Accumulate op -> ReferenceMoves.accumulate(of(op.x()), of(op.into()));
            case Movement.Assign op -> ReferenceMoves.reshape(of(op.x()), of(op.into()));
            case Movement.GatherImages op -> ReferenceMoves.gatherImages(step, of(op.dataset()), of(op.ids()), of(op.images()));
            case Movement.Upsample _, Movement.UpsampleBackward _, Movement.AveragePool _ -> throw fused(movement);
        }
    }

    private void run(Random random) {
        switch (random) {
            case Random.Draw op -> ReferenceRandom.draw(op.distribution(), of(op.rng()), of(op.index()), of(op.step()), op.stream(), of(op.y()));
            case Random.DrawTimestep op -> ReferenceRandom.drawTimestep(of(op.rng()), of(op.index()), op.bound(), of(op.t()));
            case Random.DropLabels op -> ReferenceRandom.dropLabels(of(op.labels()), of(op.rng()), of(op.index()), op.p(), op.nullLabel(), of(op.y()));
            case Random.Dropout _ -> throw fused(random);
        }
    }

    private void run(Optimizer optimizer) {
        switch (optimizer) {
            case Optimizer.GradientNorm op -> ReferenceOptimizer.gradientNorm(of(op.gradients()), of(op.norm()));
            case Optimizer.RecordStep op -> ReferenceOptimizer.recordStep(of(op.loss()), of(op.norm()), of(op.rng()), of(op.history()), of(op.failed()),
                    of(op.guard()));
            case Optimizer.AdamEma op -> ReferenceOptimizer.adamEma(of(op.norm()), of(op.hyper()), of(op.parameters()), of(op.gradients()), of(op.m()),
                    of(op.v()), of(op.ema()));
            case Optimizer.Average op -> ReferenceOptimizer.average(of(op.decay()), of(op.sources()), of(op.targets()));
        }
    }

    private static IllegalStateException fused(Object op) {
        return new IllegalStateException("reference: " + op + " is a fused op, which the plan should have lowered");
    }

    /** The place of a value. */
    Tensor of(Value v) {
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
