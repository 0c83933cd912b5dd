package sirocco.cpu;

import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;
import static sirocco.cpu.Simd.load;

import jdk.incubator.vector.FloatVector;
import sirocco.api.HardwareLimits;

/** The limits of the processor, reached on the same threads and vectors as the kernels'. */
public final class MachineLimits implements HardwareLimits {
    /** Chains of dependent multiply-adds: more than the latency times the units of any machine, fewer than its registers. */
    private static final int CHAINS = 12;
    private static final int STEPS = 20_000;
    private static final int MULTIPLY_ITEMS = 16;
    /** Floats of each array of the copy: 64 MiB. */
    private static final int COPIED = 16 << 20;
    private static final int COPY_ITEMS = 64;

    private final Workers workers;
    private final float[] operands = new float[2 * Layout.BLOCK];
    private final float[] sums = new float[MULTIPLY_ITEMS * 4 * Layout.BLOCK];
    private final Workers.Task multiply = this::multiply;
    private final Workers.Task copy = this::copy;
    private float[] from;
    private float[] to;

    /** @param workers the threads that kernels are measured on */
    public MachineLimits(Workers workers) {
        this.workers = workers;
    }

    @Override
    public double multiply() {
        workers.run(MULTIPLY_ITEMS, multiply);
        return 2.0 * MULTIPLY_ITEMS * STEPS * CHAINS * LANES;
    }

    /** {@inheritDoc} Allocates two arrays of 64 MiB when first called. */
    @Override
    public double copy() {
        if (from == null) {
            from = new float[COPIED + Alignment.FIRST];
            to = new float[COPIED + Alignment.FIRST];
        }
        workers.run(COPY_ITEMS, copy);
        return 2.0 * COPIED * Float.BYTES;
    }

    private void multiply(int item, int worker) {
        FloatVector a = load(operands, 0), b = load(operands, Layout.BLOCK);
        FloatVector s0 = a, s1 = a, s2 = a, s3 = a, s4 = a, s5 = a, s6 = a, s7 = a, s8 = a, s9 = a, s10 = a, s11 = a;
        for (int i = 0; i < STEPS; i++) {
            s0 = a.fma(b, s0);
            s1 = a.fma(b, s1);
            s2 = a.fma(b, s2);
            s3 = a.fma(b, s3);
            s4 = a.fma(b, s4);
            s5 = a.fma(b, s5);
            s6 = a.fma(b, s6);
            s7 = a.fma(b, s7);
            s8 = a.fma(b, s8);
            s9 = a.fma(b, s9);
            s10 = a.fma(b, s10);
            s11 = a.fma(b, s11);
        }
        // The sums are stored, or the compiler would omit the loop.
        s0.add(s1).add(s2).add(s3).add(s4).add(s5).add(s6).add(s7).add(s8).add(s9).add(s10).add(s11)
                .intoArray(sums, item * 4 * Layout.BLOCK);
    }

    private void copy(int item, int worker) {
        int first = Alignment.FIRST + COPIED / COPY_ITEMS * item;
        copy(from, to, first, first + COPIED / COPY_ITEMS);
    }

    private static void copy(float[] from, float[] to, int first, int end) {
        for (int i = first; i < end; i += LANES) {
            FloatVector.fromArray(F, from, i).intoArray(to, i);
        }
    }
}
