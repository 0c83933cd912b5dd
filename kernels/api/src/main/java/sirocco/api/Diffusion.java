package sirocco.api;

import static sirocco.api.OperandRole.INDEX;
import static sirocco.api.OperandRole.STATISTIC;
import static sirocco.api.OperandRole.TABLE;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The arithmetic of diffusion. {@link Combine} is all of it that is linear: noising, preconditioning, targets, guidance, changes of parameterization, and
 * every fixed-step solver. {@link Noising} and {@link SamplingStep} fuse it with the draws.
 */
public sealed interface Diffusion extends Op {
    /**
     * y_j = Σ_k C[row, j, k] · x_k, for one to {@value #REGISTERS} inputs and outputs of one shape [n,h,w,c]. table F32 [rows,1,J,K]; row I32 [1,1,1,1] for all
     * images or [n,1,1,1] for each, in 0 … rows − 1, anything else is an error at run time. The terms are added in order of k. Primitive.
     */
    record Combine(@Reads(TABLE) Value table, @Reads(INDEX) Value row, @Reads List<Value> x, @Writes List<Value> y) implements Diffusion {
        /** The most inputs, and the most outputs. */
        public static final int REGISTERS = 8;

        public Combine {
            x = List.copyOf(x);
            y = List.copyOf(y);
        }

        @Override
        public long flops() {
            return 2L * x.size() * y.size() * y.getFirst().shape().elements();
        }

        @Override
        public void reverse(Reverse r) {
            refuseGradient(r, this, table);
            List<Value> reached = y.stream().filter(r::reached).toList();
            for (int k = 0; k < x.size(); k++) {
                if (r.needs(x.get(k))) {
                    int column = k;
                    // dx_k = Σ_j C[row, j, k] · dy_j: the column of the table, transposed.
                    r.add(x.get(k), r.recording(g -> {
                        Value transposed = null;
                        for (Value v : reached) {
                            Value entry = g.slice(g.slice(table, Axis.W, y.indexOf(v), 1), Axis.C, column, 1);
                            transposed = transposed == null ? entry : g.concat(transposed, entry, Axis.C);
                        }
                        return g.combine(transposed, row, reached.stream().map(r::gradientOf).toList()).getFirst();
                    }));
                }
            }
        }
    }

    /**
     * y F32 [n,1,1,1] = column {@code column} of the row of table F32 [rows,h,w,c] (its elements counted in logical order) that {@code row} points at: I32
     * [1,1,1,1] for all images or [n,1,1,1] for each, in 0 … rows − 1, anything else is an error at run time. Primitive.
     */
    record Lookup(@Reads(TABLE) Value table, @Reads(INDEX) Value row, int column, @Writes(STATISTIC) Value y) implements Diffusion {
        @Override
        public void reverse(Reverse r) {
            refuseGradient(r, this, table);
        }
    }

    /** cursor ← cursor + 1, I32 [1,1,1,1]. Primitive. */
    record Advance(@Updates(INDEX) Value cursor) implements Diffusion {
        @Override
        public void reverse(Reverse r) {
            r.refuse(this, "states that a step changes are not differentiated");
        }
    }

    /**
     * x0 F32 [n,h,w,c] = pixel/127.5 − 1 of images U8, each mirrored left to right if {@code flip} and bit 0 of word 1 of its TRAIN block say so ({@link
     * Philox#flip}). Primitive.
     */
    record Pixels(@Reads(INDEX) Value images, @Reads(INDEX) Value rng, @Reads(INDEX) Value index, boolean flip, @Writes Value x0) implements Diffusion {
        @Override
        public void reverse(Reverse r) {
            // pixels of 8 bits have no gradient
        }
    }

    /**
     * Everything between a batch of pixels and the model, in one pass (Ho et al. 2020, eq. 4 and algorithm 1): images U8 [n,h,w,c];
     * t uniform in 0 … T−1 and a horizontal flip (if {@code flip}) from stream TRAIN, ε from stream NOISE; x₀ = pixel/127.5 − 1;
     * with row t of schedule F32 [T,1,1,8] = (a, s, e, d, weight, 0, 0, 0): xt = a·x₀ + s·ε, target = e·ε + d·x₀. Writes t and weight as
     * F32 [n,1,1,1].
     */
    record Noising(@Reads(INDEX) Value images, @Reads(TABLE) Value schedule, @Reads(INDEX) Value rng, @Reads(INDEX) Value index, boolean flip,
                   @Writes Value xt, @Writes Value target, @Writes(STATISTIC) Value t, @Writes(STATISTIC) Value weight) implements Diffusion {
        @Override
        public Optional<List<Value>> decompose(GraphBuilder g) {
            int steps = schedule.shape().n();
            Value row = g.drawTimestep(rng, index, steps);
            Value x0 = g.pixels(images, rng, index, flip);
            Value epsilon = g.draw(Random.Distribution.NORMAL, rng, index, Optional.empty(), Philox.NOISE, images.shape());
            Value as = g.slice(schedule, 0, 2);
            Value de = g.concat(g.slice(schedule, 3, 1), g.slice(schedule, 2, 1));
            Value table = g.reshape(g.concat(as, de), new Shape(steps, 1, 2, 2));
            List<Value> noised = g.combine(table, row, List.of(x0, epsilon));
            Value numbers = g.ramp(0, 1, Axis.N, new Shape(steps, 1, 1, 1));
            return Optional.of(List.of(noised.get(0), noised.get(1), g.lookup(numbers, row, 0), g.lookup(schedule, row, 4)));
        }

        @Override
        public void reverse(Reverse r) {
            // pixels of 8 bits have no gradient
        }
    }

    /** y = u + scale·(c − u), x = [c; u] along images, scale F32 [1,1,1,1] (Ho &amp; Salimans 2022, eq. 6 with scale = 1 + w). */
    record Guidance(@Reads Value x, @Reads(TABLE) Value scale, @Writes Value y) implements Diffusion {
        @Override
        public Optional<List<Value>> decompose(GraphBuilder g) {
            int n = y.shape().n();
            Value unconditional = g.slice(x, Axis.N, n, n);
            return Optional.of(List.of(g.add(unconditional, g.multiply(g.subtract(g.slice(x, Axis.N, 0, n), unconditional), scale))));
        }

        @Override
        public void reverse(Reverse r) {
            r.byDecomposition(this);
        }
    }

    /**
     * One step of any sampler that is a table of coefficients. Row {@code cursor} (I32 [1,1,1,1]) of table F32 [steps,1,1,12] is (t, kx, ko,
     * clip, cx, c0, co, c1, c2, sigma, 0, 0); with z standard normal from stream SAMPLING at step {@code cursor}, key {@code rng}:
     * <pre>
     *   x̂₀ = clamp(kx·x + ko·out, −clip, clip)
     *   x  ← cx·x + c0·x̂₀ + co·out + c1·h1 + c2·h2 + sigma·z;   h2 ← h1, h1 ← x̂₀
     *   cursor ← cursor + 1
     * </pre>
     * x, h1, h2 [n,h,w,c] are STATE; the history h1, h2 is there for multistep samplers only (both or neither).
     */
    record SamplingStep(@Reads Value out, @Reads(TABLE) Value table, @Reads(INDEX) Value rng, @Reads(INDEX) Value index, @Updates Value x,
                        @Updates Optional<Value> h1, @Updates Optional<Value> h2, @Updates(INDEX) Value cursor) implements Diffusion {
        private static final int CLIP = 3;

        @Override
        public Optional<List<Value>> decompose(GraphBuilder g) {
            int steps = table.shape().n();
            Value toClean = g.reshape(g.slice(table, 1, 2), new Shape(steps, 1, 1, 2));
            Value clip = g.lookup(table, cursor, CLIP);
            Value unclipped = g.combine(toClean, cursor, List.of(x, out)).getFirst();
            Value clean = g.binary(g.binary(unclipped, clip, BinaryFunction.MINIMUM), g.scale(clip, -1), BinaryFunction.MAXIMUM);
            Value z = g.draw(Random.Distribution.NORMAL, rng, index, Optional.of(cursor), Philox.SAMPLING, x.shape());
            List<Value> terms = new ArrayList<>(List.of(x, clean, out));
            Value row = g.slice(table, CLIP + 1, 3);
            if (h1.isPresent()) {
                terms.add(h1.get());
                terms.add(h2.get());
                row = g.slice(table, CLIP + 1, 5);
            }
            terms.add(z);
            row = g.concat(row, g.slice(table, 9, 1));
            Value next = g.combine(row, cursor, terms).getFirst();
            if (h1.isPresent()) {
                g.assign(h1.get(), h2.get());
                g.assign(clean, h1.get());
            }
            g.assign(next, x);
            g.record(new Advance(cursor), null);
            return Optional.of(List.of());
        }

        @Override
        public void reverse(Reverse r) {
            r.refuse(this, "states that a step changes are not differentiated");
        }
    }

    private static void refuseGradient(Reverse r, Op op, Value table) {
        r.refuseIfNeeded(op, table, "tables are constants of a step");
    }

    /** Methods that record the arithmetic of diffusion. */
    interface Recording extends Recorder {
        /** Records {@link Combine}. */
        default List<Value> combine(Value table, Value row, List<Value> x) {
            int outputs = table.shape().w();
            check(!x.isEmpty() && x.size() <= Combine.REGISTERS && outputs <= Combine.REGISTERS, "combine", () -> "1 to " + Combine.REGISTERS
                    + " inputs and outputs are possible, got " + x.size() + " and " + outputs);
            Shape s = x.getFirst().shape();
            same("combine", "table", table.shape(), new Shape(table.shape().n(), 1, outputs, x.size()));
            for (Value v : x) {
                same("combine", "input " + v.name(), v.shape(), s);
            }
            checkRow("combine", row);
            check(row.shape().n() == 1 || row.shape().n() == s.n(), "combine", () -> "row must be one for all images or one for each of " + s.n() + ", got " + row);
            List<Value> y = new ArrayList<>();
            for (int j = 0; j < outputs; j++) {
                y.add(temporary(outputs == 1 ? "y" : "y" + j, s));
            }
            record(new Combine(table, row, x, y), y.getFirst());
            return y;
        }

        /** Records {@link Lookup} for one row, or for a row an image. */
        default Value lookup(Value table, Value row, int column) {
            return lookup(table, row, column, row.shape().n());
        }

        /** Records {@link Lookup}; a single row serves all n images. */
        default Value lookup(Value table, Value row, int column, int n) {
            checkRow("lookup", row);
            check(row.shape().n() == 1 || row.shape().n() == n, "lookup", () -> "row must be one for all images or one for each of " + n + ", got " + row);
            check(column >= 0 && column < table.shape().imageElements(), "lookup", () -> "column " + column + " is not in table " + table.shape());
            Value y = temporary("y", Shape.features(n, 1));
            return record(new Lookup(table, row, column, y), y);
        }

        private void checkRow(String op, Value row) {
            check(row.dtype() == DType.I32 && row.shape().equals(Shape.features(row.shape().n(), 1)), op, () -> "row must be I32 [n,1,1,1], got " + row);
        }

        /** Records the timestep in the row of a sampler's table that {@code cursor} points at, for each of n images. */
        default Value chainTimestep(Value table, Value cursor, int n) {
            return lookup(table, cursor, 0, n);
        }

        /** Records {@link Pixels}. */
        default Value pixels(Value images, Value rng, Value index, boolean flip) {
            check(images.dtype() == DType.U8, "pixels", () -> "images must be U8, got " + images);
            checkRng("pixels", rng, index, images.shape().n());
            Value x0 = temporary("x0", images.shape());
            return record(new Pixels(images, rng, index, flip, x0), x0);
        }

        /** Records {@link Noising}. */
        default Noised noising(Value images, Value schedule, Value rng, Value index, boolean flip) {
            Shape s = images.shape();
            check(images.dtype() == DType.U8, "noising", () -> "images must be U8, got " + images);
            same("noising", "schedule", schedule.shape(), new Shape(schedule.shape().n(), 1, 1, 8));
            checkRng("noising", rng, index, s.n());
            Value xt = temporary("xt", s);
            Value target = temporary("target", s);
            Value t = temporary("t", Shape.features(s.n(), 1));
            Value weight = temporary("weight", Shape.features(s.n(), 1));
            record(new Noising(images, schedule, rng, index, flip, xt, target, t, weight), xt);
            return new Noised(xt, target, t, weight);
        }

        /** Records {@link Guidance}. */
        default Value guidance(Value x, Value scale) {
            check(x.shape().n() % 2 == 0, "guidance", () -> "needs an even batch, conditional then unconditional, got " + x.shape());
            same("guidance", "scale", scale.shape(), Shape.SCALAR);
            Value y = temporary("y", x.shape().withN(x.shape().n() / 2));
            return record(new Guidance(x, scale, y), y);
        }

        /** Records {@link SamplingStep}. */
        default void samplingStep(Value out, Value table, Value rng, Value index, Value x, Optional<Value> h1, Optional<Value> h2, Value cursor) {
            same("samplingStep", "out", out.shape(), x.shape());
            same("samplingStep", "table", table.shape(), new Shape(table.shape().n(), 1, 1, 12));
            checkRng("samplingStep", rng, index, x.shape().n());
            check(h1.isPresent() == h2.isPresent(), "samplingStep", () -> "history is both of h1, h2 or neither");
            record(new SamplingStep(out, table, rng, index, x, h1, h2, cursor), null);
        }
    }

    /** What {@link Noising} writes. */
    record Noised(Value xt, Value target, Value t, Value weight) { }
}
