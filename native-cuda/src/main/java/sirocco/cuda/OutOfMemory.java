package sirocco.cuda;

import java.util.Locale;
import sirocco.api.Diffusion;
import sirocco.api.Graph;
import sirocco.api.Plan;
import sirocco.api.Step;
import sirocco.api.Value;
import sirocco.cuda.driver.CudaException;
import sirocco.cuda.driver.Driver;

/** Says, before anything is allocated, that a plan is too large for a device, and what would not be. */
final class OutOfMemory {
    /** What the driver and other libraries keep for themselves beside a plan: the graph, staging, the heap's rounding. */
    static final long RESERVE = 64L << 20;

    private OutOfMemory() { }

    /**
     * @param what the device
     * @throws IllegalArgumentException if the plan does not fit
     */
    static void check(String what, Plan plan, long free, long total) {
        if (plan.totalBytes() + RESERVE <= free) {
            return;
        }
        int batch = batch(plan.graph());
        long fits = fits(plan, batch, free - RESERVE);
        throw new IllegalArgumentException("%s: the plan needs %s (%s), and %s of %s are free; %s".formatted(what, bytes(plan.totalBytes()), plan.summary(),
                bytes(free), bytes(total), fits > 0 && fits < batch ? "a batch of " + fits + " instead of " + batch + " would fit"
                        : "not even a batch of 1 would fit: use a smaller model or another device"));
    }

    /**
     * What to say where the driver has refused memory though the plan seemed to fit.
     *
     * @param refusal by the driver, after which everything was given back
     */
    static IllegalArgumentException refused(String what, Plan plan, CudaException refusal) {
        long[] room = Driver.memory(what);
        try {
            check(what, plan, room[0], room[1]); // another process may have taken it meanwhile
        } catch (IllegalArgumentException e) {
            e.initCause(refusal);
            return e;
        }
        return new IllegalArgumentException(("%s: the plan needs %s (%s), and the driver has no room for it, though %s of %s are free, perhaps in pieces: %s; "
                + "use a batch smaller than %d, a smaller model, or another device").formatted(what, bytes(plan.totalBytes()), plan.summary(), bytes(room[0]),
                        bytes(room[1]), refusal.getMessage(), batch(plan.graph())), refusal);
    }

    /** Images in a batch: those that are trained on or drawn, of which guidance makes twice as many on the way; elsewhere what most values have. */
    private static int batch(Graph graph) {
        for (Step step : graph.steps()) {
            switch (step.op()) {
                case Diffusion.Noising op -> {
                    return op.images().shape().n();
                }
                case Diffusion.SamplingStep op -> {
                    return op.x().shape().n();
                }
                default -> { }
            }
        }
        return graph.values().stream().filter(v -> v.role() != Value.Role.PARAMETER).mapToInt(v -> v.shape().n()).max().orElse(1);
    }

    /** The largest batch whose plan fits, as temporaries and the batch's inputs and states grow with it and all else does not. */
    private static long fits(Plan plan, int batch, long free) {
        long growing = plan.arenaBytes();
        for (Value v : plan.graph().values()) {
            if (v.persistent() && v.role() != Value.Role.PARAMETER && v.shape().n() == batch) {
                growing += plan.slot(v).bytes();
            }
        }
        long fixed = plan.totalBytes() - growing;
        return free <= fixed ? 0 : (long) ((double) (free - fixed) / growing * batch);
    }

    static String bytes(long n) {
        return n >= 1L << 30 ? String.format(Locale.ROOT, "%.1f GiB", n / (double) (1L << 30)) : String.format(Locale.ROOT, "%.1f MiB", n / (double) (1L << 20));
    }
}
