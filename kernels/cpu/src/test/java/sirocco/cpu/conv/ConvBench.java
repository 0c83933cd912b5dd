package sirocco.cpu.conv;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import sirocco.cpu.Layout;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/**
 * Times the passes of the convolutions, by rounds that alternate between all candidates, so that a noisy machine is as noisy to one as
 * to the other. Prints the median's and the best's GFLOP/s, counted by the definition (a Winograd convolution may exceed the machine's
 * peak).
 *
 * <p>Arguments: rounds, images, then shapes as C,K,H[,kernel[,stride]]. System property {@code threads}.
 */
public final class ConvBench {
    private record Candidate(String name, double flops, Runnable run, double[] seconds) { }

    private ConvBench() { }

    public static void main(String[] args) {
        int rounds = Integer.parseInt(args[0]);
        int n = Integer.parseInt(args[1]);
        String only = System.getProperty("only", "");
        try (Workers workers = new Workers(Integer.getInteger("threads", 2))) {
            List<Candidate> candidates = new ArrayList<>();
            for (int i = 2; i < args.length; i++) {
                int[] a = Arrays.stream(args[i].split(",")).mapToInt(Integer::parseInt).toArray();
                int kernel = a.length > 3 ? a[3] : 3;
                int stride = a.length > 4 ? a[4] : 1;
                int pad = kernel / 2;
                ConvShape s = new ConvShape(n, a[2], a[2], a[0], a[1], kernel, kernel, stride, stride == 1 ? pad : 0, stride == 1 ? pad : 0,
                        pad, pad);
                for (ConvRule.Mode mode : List.of(ConvRule.Mode.GEMM, ConvRule.Mode.WINOGRAD)) {
                    if (mode == ConvRule.Mode.GEMM || kernel == 3 && stride == 1) {
                        add(candidates, s, new ConvRule(mode), workers, rounds);
                    }
                }
            }
            candidates.removeIf(c -> !c.name().matches(".*(" + only + ").*"));
            for (int warm = 0; warm < 2; warm++) {
                for (Candidate c : candidates) {
                    long end = System.nanoTime() + 300_000_000L;
                    while (System.nanoTime() < end) {
                        c.run().run();
                    }
                }
            }
            for (int round = 0; round < rounds; round++) {
                for (Candidate c : candidates) {
                    c.run().run();
                    long start = System.nanoTime();
                    long used = clock(workers);
                    int repeats = 0;
                    while (repeats == 0 || System.nanoTime() - start < 10_000_000L) {
                        c.run().run();
                        repeats++;
                    }
                    c.seconds()[round] = (clock(workers) - used) * 1e-9 / repeats;
                }
            }
            for (Candidate c : candidates) {
                Arrays.sort(c.seconds());
                System.out.printf("%-58s %9.1f µs  GFLOP/s median %7.1f best %7.1f%n", c.name(), c.seconds()[rounds / 2] * 1e6,
                        c.flops() / c.seconds()[rounds / 2] * 1e-9, c.flops() / c.seconds()[0] * 1e-9);
            }
        }
    }

    /** On one thread the time that it was given, so that the neighbours' share does not count; otherwise the wall's. */
    private static long clock(Workers workers) {
        return workers.threads() == 1 ? ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() : System.nanoTime();
    }

    private static void add(List<Candidate> list, ConvShape s, ConvRule rule, Workers workers, int rounds) {
        Random random = new Random(1);
        int halo = s.r() / 2;
        Layout xl = Layout.blocked(s.n(), s.h(), s.w(), s.c(), halo);
        Layout yl = Layout.blocked(s.n(), s.outH(), s.outW(), s.k(), 0);
        Layout dyl = Layout.blocked(s.n(), s.outH(), s.outW(), s.k(), s.stride() == 1 ? halo : 0);
        Layout dxl = Layout.blocked(s.n(), s.h(), s.w(), s.c(), 0);
        Slice x = random(xl, random), dy = random(dyl, random), y = random(yl, random), dx = random(dxl, random);
        Slice w = new Slice(Operand.random(s.weights(), random), 0), dw = new Slice(new float[s.weights()], 0);
        Slice bias = new Slice(new float[s.k()], 0);
        String name = s + " " + rule.mode().name().toLowerCase();
        ConvForward forward = new ConvForward(s, xl, yl, null, true, workers, rule);
        Slice prepared = at(forward.preparedFloats());
        Slice scratch = at(forward.scratchFloats());
        forward.prepare(w, prepared);
        list.add(new Candidate(name + " forward", s.flops(), () -> forward.run(x, prepared, y, bias, null, null, scratch), new double[rounds]));
        list.add(new Candidate(name + " forward weights", s.flops(), () -> forward.prepare(w, prepared), new double[rounds]));
        ConvBackwardData data = new ConvBackwardData(s, dyl, dxl, true, workers, rule);
        Slice prepared2 = at(data.preparedFloats());
        Slice scratch2 = at(data.scratchFloats());
        data.prepare(w, prepared2);
        list.add(new Candidate(name + " data", s.flops(), () -> data.run(dy, prepared2, dx, scratch2), new double[rounds]));
        list.add(new Candidate(name + " data weights", s.flops(), () -> data.prepare(w, prepared2), new double[rounds]));
        ConvBackwardWeights weights = new ConvBackwardWeights(s, xl, dyl, workers, rule);
        Slice scratch3 = at(weights.scratchFloats());
        list.add(new Candidate(name + " weights", s.flops(), () -> weights.run(x, dy, dw, null, scratch3), new double[rounds]));
    }

    private static Slice random(Layout l, Random random) {
        Slice from = Operand.of(l, Operand.random((long) l.n() * l.h() * l.w() * l.c(), random), random).at();
        Slice to = at(l.floats());
        System.arraycopy(from.array(), from.offset(), to.array(), to.offset(), (int) l.floats());
        return to;
    }

    private static Slice at(long floats) {
        return new Slice(new float[(int) floats + 16], Integer.getInteger("offset", 12));
    }
}
