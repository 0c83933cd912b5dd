package sirocco.bench.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import sirocco.api.DType;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.bench.Work;
import sirocco.bench.torch.Torch.Format;
import sirocco.testkit.OpCase;
import sirocco.testkit.ReferenceExecutable;
import sirocco.torch.TorchProgram;

/** Programs compute in LibTorch what their graphs say: every op case with a forward pass, against the reference. */
class TorchNetworkTest {
    /** LibTorch sums in another order, and by other algorithms, than those that the cases' tolerances were derived for. */
    private static final double OTHER_ALGORITHMS = 2;

    @BeforeAll
    static void needsLibTorch() {
        assumeTrue(Torch.unavailable().isEmpty(), () -> Torch.unavailable().orElseThrow());
        assumeTrue(TorchCheck.problem().isEmpty(), () -> TorchCheck.problem().orElseThrow());
    }

    /** LibTorch's group_norm in channels_last finds the variance as E[x²] − E[x]² in float32, which is wrong beside a mean far larger than the deviation. */
    private static boolean fits(ForwardCase f, Format format) {
        return format == Format.NCHW || !f.name().matches("GroupNorm.* of -?10+\\.0±.*");
    }

    @Test
    void manyCasesHaveAForwardPass() {
        Set<String> kinds = new TreeSet<>();
        ForwardCase.all().forEach(f -> f.graph().steps().forEach(s -> kinds.add(s.op().kind())));
        Set<String> missing = new TreeSet<>(Set.of("Conv2d", "Attention", "GroupNorm", "GroupNormSilu", "LayerNorm", "RmsNorm", "Silu", "Gelu", "GeluTanh", "GeluQuick",
                "Add", "Multiply", "Divide", "Affine", "GeluGated", "Sum", "Mean", "Max", "MatMul", "Concat", "Slice", "Repeat", "Reshape", "Permute", "Upsample",
                "AveragePool", "Ramp", "TimestepEmbedding", "Embedding", "MseLoss"));
        missing.removeAll(kinds);
        assertEquals(Set.of(), missing);
    }

    @TestFactory
    Stream<DynamicTest> everyForwardPass() {
        return ForwardCase.all().stream().map(f -> DynamicTest.dynamicTest(f.name(), () -> {
            for (Format format : Format.values()) {
                if (fits(f, format)) {
                    f.programs().forEach(p -> agrees(f, format, p));
                }
            }
        }));
    }

    private static void agrees(ForwardCase f, Format format, TorchProgram program) {
        try (ReferenceExecutable reference = f.reference()) {
            Map<String, Value> named = f.graph().values().stream().filter(Value::persistent).collect(Collectors.toMap(Value::name, v -> v));
            float[][] results;
            try (Work work = TorchWork.inference(() -> {
                TorchNetwork net = new TorchNetwork(program, format, name -> OpCase.read(reference, named.get(name)), false);
                Tensor[] inputs = program.inputs().stream().map(i -> input(i, format, reference, named.get(i.name()))).toArray(Tensor[]::new);
                return () -> logical(program, net.forward(inputs));
            })) {
                results = work.results();
            }
            reference.run();
            List<String> wrong = new ArrayList<>();
            for (int i = 0; i < results.length; i++) {
                Value v = f.graph().outputs().get(i);
                f.tolerance(v, OTHER_ALGORITHMS).violation(v, results[i], reference.readExact(v)).ifPresent(wrong::add);
            }
            assertEquals(List.of(), wrong, format::toString);
        }
    }

    private static Tensor input(TorchProgram.Input i, Format format, ReferenceExecutable reference, Value v) {
        long[] shape = i.shape().stream().mapToLong(Integer::longValue).toArray();
        if (v.dtype() == DType.I32) {
            int[] values = new int[(int) v.shape().elements()];
            reference.read(v, values);
            return Tensor.create(values, shape);
        }
        float[] values = OpCase.read(reference, v);
        Shape s = v.shape();
        return i.channelsFirst() ? Torch.in(format, Torch.tensor(values, s.n(), s.h(), s.w(), s.c()).permute(0, 3, 1, 2)) : Torch.tensor(values, shape);
    }

    /** Outputs in the graph's order of elements. */
    private static Tensor[] logical(TorchProgram program, Tensor[] outputs) {
        Tensor[] logical = outputs.clone();
        for (int i = 0; i < outputs.length; i++) {
            if (program.outputs().get(i).channelsFirst()) {
                logical[i] = outputs[i].permute(0, 2, 3, 1);
            }
        }
        return logical;
    }

    /** In training only, and scaled so that the mean stays. */
    @Test
    void dropoutDropsItsShareWhileTraining() {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", new Shape(1, 100, 100, 10), DType.F32);
        Value rng = g.input("rng", Shape.vector(4), DType.I32);
        Value index = g.input("index", Shape.features(1, 1), DType.I32);
        g.output(g.in("drop", () -> g.dropout(x, rng, index, 0.25f)));
        TorchProgram program = TorchProgram.of(g.build(), _ -> false);
        assertEquals(List.of("x"), program.inputs().stream().map(TorchProgram.Input::name).toList());
        float[] ones = new float[100_000];
        Arrays.fill(ones, 1);
        for (boolean trained : List.of(true, false)) {
            float[] y;
            try (Work work = TorchWork.inference(() -> {
                TorchNetwork net = new TorchNetwork(program, Format.NCHW, _ -> null, trained);
                Tensor in = Torch.tensor(ones, 1, 10, 100, 100);
                return () -> net.forward(in);
            })) {
                y = work.results()[0];
            }
            Set<Float> seen = new HashSet<>();
            int dropped = 0;
            for (float v : y) {
                seen.add(v);
                dropped += v == 0 ? 1 : 0;
            }
            assertEquals(trained ? Set.of(0f, 4 / 3f) : Set.of(1f), seen);
            // Five standard deviations of a binomial distribution.
            assertTrue(Math.abs(dropped - (trained ? 25_000 : 0)) <= (trained ? 5 * Math.sqrt(100_000 * 0.25 * 0.75) : 0), "dropped " + dropped);
        }
    }
}
