package sirocco.bench.torch;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import sirocco.api.DType;
import sirocco.api.Graph;
import sirocco.api.Random;
import sirocco.api.Step;
import sirocco.api.Value;
import sirocco.testkit.OpCase;
import sirocco.testkit.OpCases;
import sirocco.testkit.ReferenceDevice;
import sirocco.testkit.ReferenceExecutable;
import sirocco.testkit.Tolerance;
import sirocco.torch.TorchProgram;

/** The forward pass of an op case, for peers: the steps before its reverse pass, if it has one. */
record ForwardCase(OpCase from, Graph graph) {
    /** All cases but those with ops that no network's forward pass has, or that draw random numbers. */
    static List<ForwardCase> all() {
        return OpCases.all().stream().flatMap(c -> of(c).stream()).toList();
    }

    private static Optional<ForwardCase> of(OpCase c) {
        List<Step> steps = c.graph().steps();
        if (c.loss().isPresent()) {
            int loss = 0;
            while (!steps.get(loss).op().outputs().contains(c.loss().get())) {
                loss++;
            }
            steps = steps.subList(0, loss + 1);
        }
        Set<Value> first = steps.stream().flatMap(s -> s.op().outputs().stream().limit(1)).collect(Collectors.toSet());
        List<Value> outputs = Stream.concat(c.compared().stream(), c.loss().stream()).filter(v -> first.contains(v) && v.dtype() == DType.F32).distinct().toList();
        boolean draws = steps.stream().anyMatch(s -> s.op() instanceof Random);
        Graph graph = new Graph(c.graph().values(), steps, outputs);
        try {
            if (outputs.isEmpty() || draws || TorchProgram.of(graph, _ -> false).lines().isEmpty()) {
                return Optional.empty();
            }
            return Optional.of(new ForwardCase(c, graph));
        } catch (UnsupportedOperationException e) {
            return Optional.empty();
        }
    }

    String name() {
        return from.name();
    }

    /** The case for PyTorch: its 1×1 convolutions as such, and as linear layers if there are any. */
    Set<TorchProgram> programs() {
        return new LinkedHashSet<>(List.of(TorchProgram.of(graph, _ -> false), TorchProgram.of(graph, _ -> true)));
    }

    /** The reference with the case's parameters and inputs. */
    ReferenceExecutable reference() {
        ReferenceDevice device = new ReferenceDevice();
        ReferenceExecutable reference = (ReferenceExecutable) device.load(device.plan(graph));
        from.fill(reference);
        return reference;
    }

    /** What float32 may be off; {@code factor} times as much by algorithms other than those that the cases' tolerances were derived for. */
    Tolerance tolerance(Value v, double factor) {
        Tolerance own = from.results().stream().filter(r -> r.values().contains(v)).map(OpCase.Result::tolerance).findFirst().orElse(Tolerance.network());
        return new Tolerance(factor * Math.max(own.relative(), Tolerance.U), own.scale());
    }

    /** [n,h,w,c] to [n,c,h,w] of a value of this shape. */
    static float[] channelsFirst(float[] nhwc, Value v) {
        int pixels = v.shape().h() * v.shape().w();
        int c = v.shape().c();
        float[] nchw = new float[nhwc.length];
        for (int i = 0; i < nhwc.length; i++) {
            int image = i / (pixels * c);
            nchw[(image * c + i % c) * pixels + i / c % pixels] = nhwc[i];
        }
        return nchw;
    }

    /** [n,c,h,w] to [n,h,w,c] of a value of this shape. */
    static float[] channelsLast(float[] nchw, Value v) {
        int pixels = v.shape().h() * v.shape().w();
        int c = v.shape().c();
        float[] nhwc = new float[nchw.length];
        for (int i = 0; i < nhwc.length; i++) {
            int image = i / (pixels * c);
            nhwc[i] = nchw[(image * c + i % c) * pixels + i / c % pixels];
        }
        return nhwc;
    }
}
