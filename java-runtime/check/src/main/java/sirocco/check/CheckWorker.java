package sirocco.check;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import sirocco.api.DType;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.GraphBuilder;
import sirocco.api.Settings.Precision;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.check.Outcome.Verdict;
import sirocco.cli.DeviceOptions;
import sirocco.testkit.OpCase;

/**
 * Makes the checks, one after another, in an order that is the same in every process: so a process can go on where another one ended. After a failure it
 * sees whether the device still works, and ends if it does not.
 */
final class CheckWorker {
    /** Exit code where the device has been lost. */
    static final int LOST = 3;

    /** The group of checks at a model's shapes. */
    static final String LARGE = "large";

    private static final String VARIANTS = "variants";
    private static final String CHAINS = "chains";

    private final CheckPlan plan;
    private final DeviceOptions options;
    private final int first;
    private final Set<String> givenUp;
    private final Wire wire;
    private final KnownWays known = new KnownWays();
    private final CaseCheck cases = new CaseCheck();
    private int number;

    /**
     * @param first the number of the first check to make; those before it were made by another process
     * @param givenUp families of checks that are not made any more
     */
    CheckWorker(CheckPlan plan, DeviceOptions options, int first, Set<String> givenUp, Wire wire) {
        this.plan = plan;
        this.options = options;
        this.first = first;
        this.givenUp = givenUp;
        this.wire = wire;
    }

    /** Returns when all is told; where the device is lost, the process ends. */
    void run() throws IOException {
        List<OpCase> chosen = plan.opCases();
        List<GoldenModel> models = plan.goldenModels();
        Precision precision = options.precision();
        StringWriter opening = new StringWriter();
        try (Device device = options.open(new PrintWriter(opening))) {
            wire.device(opening.toString().strip(), device.describe());
            int count = chosen.size() + models.size() + (plan.chain > 0 ? 2 : 0) + (plan.steps > 0 ? 1 : 0);
            if (first < count) {
                wire.part("cases", count);
            }
            for (OpCase c : chosen) {
                if (plan.allVariants) {
                    known.isNew(c, device);
                }
                check(device, "ops", family(c, device), c.name(), () -> cases.run(c, device, precision));
            }
            for (GoldenModel model : models) {
                check(device, "golden", model.name(), model.name(), () -> {
                    if (model.unsupported().isPresent()) {
                        throw new UnsupportedOperationException("golden case is not supported: " + model.unsupported().get());
                    }
                    GoldenCheck check = new GoldenCheck(model.read(), device);
                    check.all();
                    return check.found();
                });
            }
            if (plan.chain > 0) {
                ChainsCheck chains = plan.chains();
                check(device, CHAINS, "sampling", "sampling, " + chains, () -> chains.sampling(device, wire::alive));
                check(device, CHAINS, "training", "training, " + chains, () -> chains.training(device, wire::alive));
            }
            if (plan.steps > 0) {
                TrainingCheck training = plan.training();
                check(device, "training", "training", training.toString(), () -> training.run(device, precision, wire::alive));
            }
        }
        if (plan.allVariants) {
            variants(chosen);
        }
        if (!plan.large.isEmpty()) {
            large();
        }
    }

    /** The op and the kernels that compute it. */
    private static String family(OpCase c, Device device) {
        String op = c.name().replaceFirst(" .*", "");
        try {
            return op + Stream.of(device.plan(c.graph()).notes()).distinct().filter(n -> !n.isEmpty()).map(n -> " " + n).collect(Collectors.joining());
        } catch (UnsupportedOperationException e) {
            return op;
        }
    }

    private void variants(List<OpCase> chosen) {
        List<String> variants = options.variants();
        List<String> idle = new ArrayList<>();
        wire.part(VARIANTS, variants.size());
        for (int i = 0; i < variants.size(); i++) {
            int before = number;
            variant(variants.get(i), chosen);
            if (number == before) {
                idle.add(variants.get(i));
            }
            wire.at(i + 1);
        }
        if (!idle.isEmpty()) {
            tell(VARIANTS, String.join(", ", idle), () -> {
                throw new UnsupportedOperationException("they compute none of these cases here in this precision, or as another variant does");
            });
        }
    }

    /** Checks what a variant computes that no other has computed the same way before. */
    private void variant(String variant, List<OpCase> chosen) {
        try (Device device = options.open(variant)) {
            for (OpCase c : chosen) {
                if (known.isNew(c, device)) {
                    check(device, VARIANTS, variant, variant + ", " + c.name(), () -> cases.run(c, device, options.precision()));
                }
            }
        } catch (RuntimeException e) { // as it was opened or closed: the next one may do better
            tell(VARIANTS, variant, () -> {
                throw e;
            });
        }
    }

    /** Checks every variant, wherever it computes an op of a model's steps in a way of its own, against level 1. */
    private void large() {
        List<String> variants = options.variants();
        // All are open at once: a device that is opened again would load its kernels again.
        try (LargeCheck large = new LargeCheck(options::open, variants)) {
            List<LargeCase> cases = LargeCase.of(plan.largeGraphs(large.simplest()));
            wire.part(LARGE, cases.size());
            for (int i = 0; i < cases.size(); i++) {
                LargeCase c = cases.get(i);
                LargeCheck.Case checked = large.of(c);
                checked.variants().forEach((variant, name) -> check(large.device(variant), LARGE, variant, name, () -> checked.compare(variant)));
                wire.at(i + 1);
            }
        }
    }

    /** @param family that is given up together */
    private void check(Device device, String group, String family, String name, Outcome.Check check) {
        int mine = number++;
        if (mine < first) {
            return;
        }
        wire.begin(mine, group, family, name);
        Outcome outcome = Outcome.of(group, name, !givenUp.contains(group + " " + family) ? check : () -> {
            throw new UnsupportedOperationException(family + " has cost so many processes already");
        });
        if (outcome.verdict() == Verdict.FAILED) {
            try {
                tryOut(device);
            } catch (RuntimeException e) {
                wire.end(outcome.with("after this the device does not work any more in this process; the checks that follow have another one"));
                Runtime.getRuntime().halt(LOST); // there is nothing that could be given back
            }
        }
        wire.end(outcome);
        if (!group.equals(VARIANTS) && !group.equals(LARGE)) {
            wire.at(number);
        }
    }

    /** Tells of something that is no check of its own. */
    private void tell(String group, String name, Outcome.Check what) {
        wire.begin(number - 1, group, name, name);
        wire.end(Outcome.of(group, name, what));
    }

    /** Throws if a device that has always computed this does not any more. */
    private static void tryOut(Device device) {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", Shape.vector(4), DType.F32);
        Value y = g.output(g.in("try out", () -> g.add(x, x)));
        try (Executable e = device.load(device.plan(g.build()))) {
            e.write(x, new float[] {1, 2, 3, 4});
            e.run();
            e.read(y, new float[4]);
        }
    }
}
