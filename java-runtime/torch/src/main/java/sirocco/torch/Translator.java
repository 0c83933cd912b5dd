package sirocco.torch;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import sirocco.api.Attention;
import sirocco.api.Axis;
import sirocco.api.BinaryFunction;
import sirocco.api.Conditioning;
import sirocco.api.Convolution;
import sirocco.api.DType;
import sirocco.api.Graph;
import sirocco.api.Movement;
import sirocco.api.Normalization;
import sirocco.api.Op;
import sirocco.api.Pointwise;
import sirocco.api.Product;
import sirocco.api.Random;
import sirocco.api.Reduction;
import sirocco.api.Shape;
import sirocco.api.Step;
import sirocco.api.UnaryFunction;
import sirocco.api.Value;
import sirocco.api.Window;

/** Writes each step of a lowered forward pass as calls of PyTorch. */
final class Translator {
    private final Graph graph;
    private final Set<Value> linear = new HashSet<>();
    private final List<TorchProgram.Weight> parameters = new ArrayList<>();
    private final List<TorchProgram.Input> inputs = new ArrayList<>();
    private final Tensors tensors = new Tensors();

    Translator(Graph graph, Predicate<Value> linear) {
        this.graph = graph;
        for (Step s : graph.steps()) {
            if (s.op() instanceof Convolution.Conv2d c && c.w().role() == Value.Role.PARAMETER && c.window().equals(Window.same(1)) && linear.test(c.w())) {
                this.linear.add(c.w());
            }
        }
    }

    TorchProgram run() {
        given();
        for (Step s : graph.steps()) {
            tensors.at(s.name());
            write(s.op());
        }
        tensors.at("output");
        List<TorchProgram.Output> outputs = new ArrayList<>();
        for (Value v : graph.outputs()) {
            Form form = tensors.knows(v) ? tensors.made(v) : Form.LOGICAL;
            outputs.add(new TorchProgram.Output(tensors.in(v, form), form.shape(v.shape()), form == Form.PICTURE));
        }
        return new TorchProgram(parameters, inputs, lines(outputs), outputs);
    }

    // ---- what the caller gives -------------------------------------------------------------------------------------------------

    /** Parameters and inputs that a step reads. */
    private void given() {
        Set<Value> read = new HashSet<>(graph.outputs());
        Set<Value> weights = new HashSet<>();
        for (Step s : graph.steps()) {
            switch (s.op()) {
                // PyTorch has random numbers of its own.
                case Random.Draw _ -> { }
                case Random.Dropout d -> read.add(d.x());
                case Convolution.Conv2d c -> {
                    read.addAll(c.inputs());
                    weights.add(c.w());
                }
                default -> read.addAll(s.op().inputs());
            }
        }
        for (Value v : graph.values()) {
            if (v.persistent() && read.contains(v)) {
                Register r = tensors.next();
                if (v.role() == Value.Role.PARAMETER) {
                    Form form = weightForm(v, weights.contains(v));
                    parameters.add(new TorchProgram.Weight(v.name(), r, form.shape(v.shape()), v.shape(), form == Form.PICTURE));
                    tensors.define(v, form, r);
                } else {
                    Form form = v.shape().h() == 1 ? Form.ROWS : v.dtype() == DType.F32 ? Form.PICTURE : Form.LOGICAL;
                    inputs.add(new TorchProgram.Input(v.name(), r, form.shape(v.shape()), form == Form.PICTURE));
                    tensors.define(v, form, r);
                }
            }
        }
    }

    private Form weightForm(Value v, boolean ofConvolution) {
        Shape s = v.shape();
        if (ofConvolution) {
            return linear.contains(v) ? Form.ROWS : Form.PICTURE;
        }
        return Form.isVector(s) ? Form.VECTOR : s.h() * s.w() == 1 ? Form.ROWS : Form.LOGICAL;
    }

    // ---- what becomes of it ----------------------------------------------------------------------------------------------------

    /** The calls, each with the registers that it is the last to read. */
    private List<TorchProgram.Line> lines(List<TorchProgram.Output> outputs) {
        Map<Register, Integer> last = new HashMap<>();
        List<Tensors.Named> calls = tensors.calls();
        for (int i = 0; i < calls.size(); i++) {
            last.put(calls.get(i).call().y(), i);
            for (Register r : calls.get(i).call().reads()) {
                last.put(r, i);
            }
        }
        parameters.forEach(p -> last.remove(p.register()));
        inputs.forEach(p -> last.remove(p.register()));
        outputs.forEach(o -> last.remove(o.register()));
        Map<Integer, List<Register>> dead = new HashMap<>();
        last.forEach((r, i) -> dead.computeIfAbsent(i, _ -> new ArrayList<>()).add(r));
        List<TorchProgram.Line> lines = new ArrayList<>();
        for (int i = 0; i < calls.size(); i++) {
            List<Register> free = dead.getOrDefault(i, List.of()).stream().sorted((a, b) -> Integer.compare(a.number(), b.number())).toList();
            lines.add(new TorchProgram.Line(calls.get(i).step(), calls.get(i).call(), free));
        }
        return lines;
    }

    // ---- steps -----------------------------------------------------------------------------------------------------------------

    private void write(Op op) {
        switch (op) {
            case Convolution.Conv2d c -> convolution(c);
            case Product.MatMul m -> matMul(m);
            case Attention.Forward a -> attention(a);
            case Normalization.GroupNorm n -> groupNorm(n);
            case Normalization.LayerNorm n -> layerNorm(n);
            case Pointwise p -> pointwise(p);
            case Reduction.Reduce r -> {
                Form form = tensors.apart(r.x());
                Register x = tensors.in(r.x(), form);
                List<Integer> dims = r.axes().stream().map(form::dim).sorted().toList();
                tensors.define(r.y(), form, tensors.call(y -> new TorchCall.Reduce(x, r.function(), dims, y)));
            }
            case Movement m -> movement(m);
            case Conditioning.TimestepEmbedding e -> {
                Register t = tensors.in(e.t(), Form.ROWS);
                tensors.define(e.y(), Form.ROWS, tensors.call(y -> new TorchCall.TimestepEmbedding(t, e.y().shape().c(), e.flipSinToCos(), e.freqShift(),
                        e.maxPeriod(), y)));
            }
            case Conditioning.Embedding e -> {
                List<Integer> withoutChannel = Form.ROWS.shape(e.ids().shape());
                Register ids = tensors.reshape(tensors.in(e.ids(), Form.ROWS), withoutChannel.subList(0, withoutChannel.size() - 1));
                Register table = tensors.in(e.table(), Form.ROWS);
                tensors.define(e.y(), Form.ROWS, tensors.call(y -> new TorchCall.Embedding(ids, table, y)));
            }
            case Random.Draw d -> tensors.define(d.y(), Form.LOGICAL, tensors.call(y -> new TorchCall.Draw(d.distribution(), Form.LOGICAL.shape(d.y().shape()), y)));
            case Random.Dropout d -> {
                Form form = tensors.made(d.x());
                Register x = tensors.in(d.x(), form);
                tensors.define(d.y(), form, tensors.call(y -> new TorchCall.Dropout(x, d.p(), y)));
            }
            default -> throw new IllegalStateException("PyTorch program: " + op + " should have been lowered");
        }
    }

    private void convolution(Convolution.Conv2d c) {
        Optional<Register> bias = c.bias().map(b -> tensors.in(b, Form.VECTOR));
        Form form = linear.contains(c.w()) ? Form.ROWS : Form.PICTURE;
        Register in = tensors.in(c.x(), form);
        Register w = tensors.in(c.w(), form);
        Register sum = form == Form.ROWS ? tensors.call(y -> new TorchCall.Linear(in, w, bias, y)) : convolution(in, w, bias, c.window());
        if (c.perChannel().isPresent()) {
            Shape s = c.y().shape();
            boolean tokens = form == Form.ROWS && s.h() * s.w() > 1;
            Register features = tokens ? tensors.reshape(tensors.in(c.perChannel().get(), Form.ROWS), List.of(s.n(), 1, s.c()))
                    : tensors.in(c.perChannel().get(), form);
            sum = add(sum, features);
        }
        if (c.residual().isPresent()) {
            Value residual = c.residual().get();
            // In the form of the residual stream, as x + f(x) is written.
            Form stream = tensors.made(residual) == Form.PICTURE ? Form.PICTURE : form;
            Register x = tensors.in(residual, stream);
            tensors.define(c.y(), stream, add(x, tensors.changed(sum, form, stream, c.y().shape())));
        } else {
            tensors.define(c.y(), form, sum);
        }
    }

    private Register convolution(Register in, Register w, Optional<Register> bias, Window window) {
        boolean even = window.top() == window.bottom() && window.left() == window.right();
        Register x = even ? in : tensors.call(y -> new TorchCall.Pad(in, window.left(), window.right(), window.top(), window.bottom(), y));
        return tensors.call(y -> new TorchCall.Conv2d(x, w, bias, window.stride(), even ? window.top() : 0, even ? window.left() : 0, y));
    }

    private Register add(Register a, Register b) {
        return tensors.call(y -> new TorchCall.Binary(a, b, BinaryFunction.ADD, y));
    }

    private void matMul(Product.MatMul m) {
        Register left = tensors.in(m.a(), Form.LOGICAL);
        Register right = tensors.in(m.b(), Form.LOGICAL);
        Register a = m.transposeA() ? tensors.permute(left, 0, 1, 3, 2) : left;
        Register b = m.transposeB() ? tensors.permute(right, 0, 1, 3, 2) : right;
        tensors.define(m.y(), Form.LOGICAL, tensors.call(y -> new TorchCall.MatMul(a, b, y)));
    }

    private void attention(Attention.Forward a) {
        Register q = heads(a.q(), a.heads());
        Register k = heads(a.k(), a.heads());
        Register v = heads(a.v(), a.heads());
        Optional<Register> mask = a.keyMask().map(m -> {
            Register open = tensors.in(m, Form.ROWS);
            Register added = tensors.call(y -> new TorchCall.Affine(open, -Attention.MASKED, Attention.MASKED, y));
            return tensors.reshape(added, List.of(m.shape().n(), 1, 1, m.shape().c()));
        });
        Register mixed = tensors.call(y -> new TorchCall.Attention(q, k, v, mask, a.causal(), y));
        Register merged = a.heads() == 1 ? mixed : tensors.permute(mixed, 0, 2, 1, 3);
        tensors.define(a.y(), Form.ROWS, tensors.reshape(merged, Form.ROWS.shape(a.y().shape())));
    }

    /** [n,heads,L,d] */
    private Register heads(Value v, int heads) {
        Shape s = v.shape();
        Register rows = tensors.in(v, Form.ROWS);
        int tokens = s.h() * s.w();
        return heads == 1 ? tensors.reshape(rows, List.of(s.n(), 1, tokens, s.c()))
                : tensors.permute(tensors.reshape(rows, List.of(s.n(), tokens, heads, s.c() / heads)), 0, 2, 1, 3);
    }

    private void groupNorm(Normalization.GroupNorm n) {
        Register x = tensors.in(n.x(), Form.PICTURE);
        Register gamma = tensors.in(n.gamma(), Form.VECTOR);
        Register beta = tensors.in(n.beta(), Form.VECTOR);
        Register normal = tensors.call(y -> new TorchCall.GroupNorm(x, n.groups(), gamma, beta, n.eps(), y));
        tensors.define(n.y(), Form.PICTURE, n.silu() ? tensors.call(y -> new TorchCall.Unary(normal, UnaryFunction.SILU, y)) : normal);
    }

    private void layerNorm(Normalization.LayerNorm n) {
        Form form = tensors.made(n.x()) == Form.LOGICAL ? Form.LOGICAL : Form.ROWS;
        Register x = tensors.in(n.x(), form);
        Optional<Register> gamma = n.gamma().map(v -> tensors.in(v, Form.VECTOR));
        Optional<Register> beta = n.beta().map(v -> tensors.in(v, Form.VECTOR));
        tensors.define(n.y(), form, tensors.call(y -> new TorchCall.LayerNorm(x, n.x().shape().c(), gamma, beta, n.eps(), y)));
    }

    private void pointwise(Pointwise p) {
        switch (p) {
            case Pointwise.Unary u -> {
                Form form = tensors.made(u.x());
                Register x = tensors.in(u.x(), form);
                tensors.define(u.y(), form, tensors.call(y -> new TorchCall.Unary(x, u.function(), y)));
            }
            case Pointwise.Affine a -> {
                Form form = tensors.made(a.x());
                Register x = tensors.in(a.x(), form);
                tensors.define(a.y(), form, tensors.call(y -> new TorchCall.Affine(x, a.scale(), a.shift(), y)));
            }
            case Pointwise.Binary b -> binary(b);
            case Pointwise.Gated g -> {
                Form form = tensors.apart(g.x());
                int c = g.y().shape().c();
                Register x = tensors.in(g.x(), form);
                Register a = tensors.call(y -> new TorchCall.Narrow(x, form.dim(Axis.C), 0, c, y));
                Register b = tensors.call(y -> new TorchCall.Narrow(x, form.dim(Axis.C), c, c, y));
                Register gate = tensors.call(y -> new TorchCall.Unary(b, g.function(), y));
                tensors.define(g.y(), form, tensors.call(y -> new TorchCall.Binary(a, gate, BinaryFunction.MULTIPLY, y)));
            }
            case Pointwise.UnaryBackward _, Pointwise.GatedBackward _ -> throw new IllegalStateException("PyTorch program: " + p + " should have been refused");
        }
    }

    private void binary(Pointwise.Binary b) {
        Shape as = b.a().shape();
        Shape bs = b.b().shape();
        Value larger = as.elements() >= bs.elements() ? b.a() : b.b();
        Value smaller = larger == b.a() ? b.b() : b.a();
        Form form = tensors.made(larger);
        Form other = form;
        if (!as.equals(bs)) {
            boolean perFeature = form == Form.ROWS && Form.isVector(smaller.shape());
            form = perFeature ? Form.ROWS : tensors.apart(larger);
            other = perFeature ? Form.VECTOR : form;
        }
        Register x = tensors.in(b.a(), larger == b.a() ? form : other);
        Register z = tensors.in(b.b(), larger == b.b() ? form : other);
        tensors.define(b.y(), form, tensors.call(y -> new TorchCall.Binary(x, z, b.function(), y)));
    }

    private void movement(Movement m) {
        switch (m) {
            case Movement.Concat c -> {
                Form form = tensors.apart(c.a());
                Register a = tensors.in(c.a(), form);
                Register b = tensors.in(c.b(), form);
                tensors.define(c.y(), form, tensors.call(y -> new TorchCall.Concat(a, b, form.dim(c.axis()), y)));
            }
            case Movement.Slice s -> {
                Form form = tensors.apart(s.x());
                Register x = tensors.in(s.x(), form);
                tensors.define(s.y(), form, tensors.call(y -> new TorchCall.Narrow(x, form.dim(s.axis()), s.from(), s.y().shape().size(s.axis()), y)));
            }
            case Movement.Repeat r -> {
                Register x = tensors.in(r.x(), Form.LOGICAL);
                List<Integer> copies = new ArrayList<>();
                for (Axis axis : Axis.values()) {
                    copies.add(r.y().shape().size(axis) / r.x().shape().size(axis));
                }
                tensors.define(r.y(), Form.LOGICAL, tensors.call(y -> new TorchCall.Repeat(x, copies, y)));
            }
            case Movement.Reshape r -> tensors.define(r.y(), Form.LOGICAL, tensors.reshape(tensors.in(r.x(), Form.LOGICAL), Form.LOGICAL.shape(r.y().shape())));
            case Movement.Permute p -> tensors.define(p.y(), Form.LOGICAL, tensors.permute(tensors.in(p.x(), Form.LOGICAL),
                    p.order().stream().map(Axis::ordinal).toArray(Integer[]::new)));
            case Movement.Upsample u -> {
                Register x = tensors.in(u.x(), Form.PICTURE);
                tensors.define(u.y(), Form.PICTURE, tensors.call(y -> new TorchCall.Upsample(x, y)));
            }
            case Movement.AveragePool a -> {
                Register x = tensors.in(a.x(), Form.PICTURE);
                tensors.define(a.y(), Form.PICTURE, tensors.call(y -> new TorchCall.AveragePool(x, a.k(), y)));
            }
            case Movement.Ramp r -> tensors.define(r.y(), Form.LOGICAL, tensors.call(y -> new TorchCall.Ramp(r.start(), r.step(), r.axis().ordinal(),
                    Form.LOGICAL.shape(r.y().shape()), y)));
            case Movement.UpsampleBackward _, Movement.Accumulate _, Movement.Assign _, Movement.GatherImages _ ->
                    throw new IllegalStateException("PyTorch program: " + m + " should have been refused");
        }
    }
}
