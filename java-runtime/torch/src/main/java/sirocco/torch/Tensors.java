package sirocco.torch;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import sirocco.api.Shape;
import sirocco.api.Value;

/** The registers of a program's values, each in the forms that calls have asked for, and the calls so far. A change of form is a view of the same memory. */
final class Tensors {
    private final Map<Value, EnumMap<Form, Register>> forms = new HashMap<>();
    private final Map<Value, Form> made = new HashMap<>();
    private final List<Named> calls = new ArrayList<>();
    private int registers;
    private String step = "";

    /** A call and the graph's step that it was made for. */
    record Named(String step, TorchCall call) { }

    List<Named> calls() {
        return calls;
    }

    /** Names the calls that follow. */
    void at(String name) {
        step = name;
    }

    Register next() {
        return new Register(registers++);
    }

    boolean knows(Value v) {
        return forms.containsKey(v);
    }

    /** The form in which a value was made: the one that costs nothing. */
    Form made(Value v) {
        return made.get(v);
    }

    /** The same, but with all axes apart. */
    Form apart(Value v) {
        return made(v) == Form.PICTURE ? Form.PICTURE : Form.LOGICAL;
    }

    void define(Value v, Form form, Register r) {
        forms.computeIfAbsent(v, _ -> new EnumMap<>(Form.class)).put(form, r);
        made.putIfAbsent(v, form);
    }

    /** Adds a call; {@code make} receives the register of its result. */
    Register call(Function<Register, TorchCall> make) {
        Register y = next();
        calls.add(new Named(step, make.apply(y)));
        return y;
    }

    /**
     * Returns the register of a value in a form.
     *
     * @throws UnsupportedOperationException if no call has written the value: what an op keeps for its reverse pass does not exist in PyTorch
     */
    Register in(Value v, Form to) {
        EnumMap<Form, Register> known = forms.get(v);
        if (known == null) {
            throw new UnsupportedOperationException("PyTorch program: step \"" + step + "\" reads " + v + ", which exists for reverse passes only. Record a forward pass.");
        }
        Register there = known.get(to);
        if (there == null) {
            there = changed(known.get(made(v)), made(v), to, v.shape());
            known.put(to, there);
        }
        return there;
    }

    /** A tensor of a value of this shape in another form. */
    Register changed(Register x, Form from, Form to, Shape s) {
        if (from == to) {
            return x;
        }
        boolean onePixel = s.h() * s.w() == 1;
        return switch (to) {
            case PICTURE -> switch (from) {
                case LOGICAL -> permute(x, 0, 3, 1, 2);
                case ROWS -> reshape(onePixel ? x : permute(x, 0, 2, 1), to.shape(s));
                case VECTOR, PICTURE -> reshape(x, to.shape(s));
            };
            case ROWS -> from == Form.PICTURE && !onePixel ? permute(reshape(x, List.of(s.n(), s.c(), s.h() * s.w())), 0, 2, 1) : reshape(x, to.shape(s));
            case LOGICAL -> from == Form.PICTURE ? permute(x, 0, 2, 3, 1) : reshape(x, to.shape(s));
            case VECTOR -> reshape(x, to.shape(s));
        };
    }

    Register reshape(Register x, List<Integer> shape) {
        return call(y -> new TorchCall.Reshape(x, shape, y));
    }

    Register permute(Register x, Integer... order) {
        return call(y -> new TorchCall.Permute(x, List.of(order), y));
    }
}
