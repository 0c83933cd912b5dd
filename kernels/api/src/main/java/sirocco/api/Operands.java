package sirocco.api;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;

/** Reads an op's operands off its record: the components annotated with {@link Reads}, {@link Writes} and {@link Updates}, in their order. */
final class Operands {
    /** Part of a record: an operand, or an attribute, whose {@code access} is null. */
    private record Part(String name, Method accessor, OperandRole role, Operand.Access access) { }

    private static final ClassValue<List<Part>> PARTS = new ClassValue<>() {
        @Override
        protected List<Part> computeValue(Class<?> op) {
            return Arrays.stream(op.getRecordComponents()).map(Operands::part).toList();
        }
    };

    private Operands() { }

    private static Part part(RecordComponent c) {
        if (c.isAnnotationPresent(Reads.class)) {
            return new Part(c.getName(), c.getAccessor(), c.getAnnotation(Reads.class).value(), Operand.Access.READ);
        }
        if (c.isAnnotationPresent(Writes.class)) {
            return new Part(c.getName(), c.getAccessor(), c.getAnnotation(Writes.class).value(), Operand.Access.WRITTEN);
        }
        if (c.isAnnotationPresent(Updates.class)) {
            return new Part(c.getName(), c.getAccessor(), c.getAnnotation(Updates.class).value(), Operand.Access.UPDATED);
        }
        return new Part(c.getName(), c.getAccessor(), null, null);
    }

    static List<Operand> of(Op op) {
        List<Operand> all = new ArrayList<>();
        for (Part p : PARTS.get(op.getClass())) {
            if (p.access != null) {
                for (Value v : values(get(op, p))) {
                    all.add(new Operand(p.name, v, p.role, p.access));
                }
            }
        }
        return all;
    }

    static List<Value> with(Op op, Operand.Access access) {
        List<Value> all = new ArrayList<>();
        for (Part p : PARTS.get(op.getClass())) {
            if (p.access == access) {
                all.addAll(values(get(op, p)));
            }
        }
        return all;
    }

    /** The op with other values in its operands' places. */
    static Op replace(Op op, BiFunction<Value, Operand.Access, Value> by) {
        List<Part> parts = PARTS.get(op.getClass());
        Object[] arguments = new Object[parts.size()];
        for (int i = 0; i < arguments.length; i++) {
            Part p = parts.get(i);
            Object now = get(op, p);
            arguments[i] = p.access == null ? now : map(now, v -> by.apply(v, p.access));
        }
        try {
            Class<?>[] types = Arrays.stream(op.getClass().getRecordComponents()).map(RecordComponent::getType).toArray(Class<?>[]::new);
            Constructor<? extends Op> canonical = op.getClass().getDeclaredConstructor(types);
            return canonical.newInstance(arguments);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(op.kind() + " cannot be copied", e); // a public record can
        }
    }

    private static List<Value> values(Object component) {
        return switch (component) {
            case Value v -> List.of(v);
            case Optional<?> o -> o.map(v -> List.of((Value) v)).orElse(List.of());
            case List<?> all -> all.stream().map(Value.class::cast).toList();
            default -> throw new IllegalStateException("an operand is a Value, an Optional or a List of them, got " + component.getClass());
        };
    }

    private static Object map(Object component, UnaryOperator<Value> by) {
        return switch (component) {
            case Value v -> by.apply(v);
            case Optional<?> o -> o.map(v -> by.apply((Value) v));
            case List<?> all -> all.stream().map(v -> by.apply((Value) v)).toList();
            default -> throw new IllegalStateException("an operand is a Value, an Optional or a List of them, got " + component.getClass());
        };
    }

    private static Object get(Op op, Part part) {
        try {
            return part.accessor.invoke(op);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException(op.kind() + "." + part.name + " cannot be read", e); // components of a public record can
        }
    }
}
