package sirocco.api;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;

/**
 * What a kernel's speed depends on, as a line of text: the op, the shapes of its operands, and its attributes, without names, so that ops of
 * one kind and size have one signature in every graph. As in {@code Conv2d x[8,32,32,64] w[64,3,3,64] bias[1,1,1,64] window…}.
 */
final class OpSignature {
    private OpSignature() { }

    static String of(Op op) {
        StringJoiner line = new StringJoiner(" ");
        line.add(op.kind());
        for (RecordComponent component : op.getClass().getRecordComponents()) {
            add(line, component.getName(), get(op, component));
        }
        return line.toString();
    }

    private static void add(StringJoiner line, String name, Object part) {
        switch (part) {
            case Value v -> line.add(name + v.shape() + (v.dtype() == DType.F32 ? "" : ":" + v.dtype()));
            case Optional<?> o -> o.ifPresent(some -> add(line, name, some));
            case List<?> all -> all.forEach(one -> add(line, name, one));
            default -> line.add(name + "=" + part.toString().replace(" ", ""));
        }
    }

    private static Object get(Op op, RecordComponent component) {
        try {
            return component.getAccessor().invoke(op);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException(op.kind() + "." + component.getName() + " cannot be read", e); // components of a public record can
        }
    }
}
