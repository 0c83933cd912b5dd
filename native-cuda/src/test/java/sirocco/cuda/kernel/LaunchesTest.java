package sirocco.cuda.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Graph;
import sirocco.api.KernelChoices;
import sirocco.api.Lowering;
import sirocco.api.MemoryPlanner;
import sirocco.api.Plan;
import sirocco.api.Settings.Precision;
import sirocco.api.Step;
import sirocco.api.Tuning;
import sirocco.api.Value;
import sirocco.nn.unet.UNet;
import sirocco.nn.unet.UNetConfig;
import sirocco.sample.SamplePlan;
import sirocco.train.TrainPlan;

/**
 * How the CIFAR-10 model's training step (batch 128) and sampling step (batch 256) launch each kernel, in all variants and precisions, on an A100 and
 * an H100: threads of a block and dynamic shared memory, which ptxas does not know and occupancy hangs on. The file is what docs/cuda-resources.md is made with;
 * {@code -Dsirocco.cuda.launches=write} writes it anew.
 */
class LaunchesTest {
    private static final Path FILE = Path.of(System.getProperty("sirocco.root", ".."), "native-cuda", "launches.txt");
    private static final String HEAD = """
            # Launches of the CIFAR-10 model's steps (training batch 128, sampling batch 256), the one with the most shared memory: kernel, architecture,
            # threads of a block, bytes of dynamic shared memory. LaunchesTest compares it with what is launched, and says how to write it anew.
            """;

    /** Everywhere at once: where operands lie changes no launch's size. */
    private static final class Anywhere implements Places {
        @Override public long at(Value v) { return 1 << 20; }
        @Override public long weights(Value w) { return 1 << 20; }
        @Override public long scratch() { return 1 << 20; }
        @Override public long table(long[] words) { return 1 << 20; }
        @Override public long fault() { return 1 << 20; }
        @Override public int faultCode() { return 1; }
    }

    /** Plans what CUDA's kernels compute, without a GPU. */
    private static final class Planner implements Device {
        @Override
        public Plan plan(Graph graph) {
            return MemoryPlanner.plan(Lowering.lower("cuda", graph, KernelFactory::supports), v -> v.shape().elements() * v.dtype().bytes());
        }

        @Override public String describe() { return "plans only"; }
        @Override public Executable load(Plan plan) { throw new UnsupportedOperationException("plans only"); }
        @Override public void close() { }
    }

    private static String launches() {
        UNet model = new UNet(UNetConfig.cifar10());
        List<Graph> graphs;
        try (Device device = new Planner()) {
            graphs = List.of(TrainPlan.of(device, model, 128).graph(), SamplePlan.of(device, model, 256, 10, false).graph());
        }
        List<String> rules = new ArrayList<>(List.of(""));
        KernelFactory.variants().forEach((family, names) -> names.forEach(n -> rules.add(family + "=" + n)));
        Map<String, Launch> largest = new TreeMap<>();
        for (int architecture : new int[] {80, 90}) {
            for (Precision precision : Precision.values()) {
                boolean ampere = architecture == 80;
                Storage storage = precision == Precision.BF16 ? Storage.BF16 : Storage.F32;
                Target target = new Target(architecture, ampere ? 108 : 132, (ampere ? 163 : 227) << 10, storage, precision == Precision.TF32);
                for (String rule : rules) {
                    KernelChoices choices = KernelChoices.of(KernelRule.PROPERTY, rule, KernelFactory.variants(), Tuning.NONE, new Tuning.Key("cuda", "", precision));
                    for (Graph graph : graphs) {
                        KernelFactory factory = new KernelFactory(target, new KernelRule(choices), new Layout(graph, storage));
                        for (Step step : graph.steps()) {
                            factory.of(step).binding().bind(new Anywhere()).forEach(l -> largest.merge(l.kernel() + (ampere ? " sm_80" : " sm_90a"), l,
                                    (a, b) -> a.sharedBytes() >= b.sharedBytes() ? a : b));
                        }
                    }
                }
            }
        }
        StringBuilder text = new StringBuilder(HEAD);
        largest.forEach((kernel, l) -> text.append(kernel).append(' ').append(l.block()).append(' ').append(l.sharedBytes()).append('\n'));
        return text.toString();
    }

    @Test
    void theFileSaysHowKernelsAreLaunched() throws IOException {
        String launches = launches();
        if (System.getProperty("sirocco.cuda.launches", "").equals("write")) {
            Files.writeString(FILE, launches);
        }
        assertEquals(Files.readString(FILE), launches, FILE + " is not what is launched; run this test with -Dsirocco.cuda.launches=write, then build-scripts/cuda resources");
    }
}
