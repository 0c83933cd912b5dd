package sirocco.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import sirocco.api.Axis;

/**
 * The order in which the four logical axes of a value lie in an ONNX tensor, outermost first.
 *
 * <p>A tensor need not lie in the logical order: a convolution's result is in {@link #NCHW}, and what follows works on it in the order that it has, so that a
 * transposition is written only where an op needs another order.
 */
record Order(List<Axis> axes) {
    static final Order NHWC = new Order(List.of(Axis.N, Axis.H, Axis.W, Axis.C));
    static final Order NCHW = new Order(List.of(Axis.N, Axis.C, Axis.H, Axis.W));
    /** Batches of matrices, each transposed. */
    static final Order NHCW = new Order(List.of(Axis.N, Axis.H, Axis.C, Axis.W));

    Order {
        axes = List.copyOf(axes);
    }

    /** Returns the dimension of a tensor that an axis is. */
    int position(Axis axis) {
        return axes.indexOf(axis);
    }

    /** Returns the axes that are not of size 1. */
    List<Axis> longer(Dims dims) {
        return axes.stream().filter(a -> !dims.at(a).isOne()).toList();
    }

    /** Returns whether a tensor of this shape has its elements in the same order in both. */
    boolean same(Order other, Dims dims) {
        return equals(other) || longer(dims).equals(other.longer(dims));
    }

    /** Returns the order of the same tensor after its axes got other names: axis i of the result is axis {@code by.get(i)} of this. */
    Order renamed(List<Axis> by) {
        return new Order(axes.stream().map(a -> Axis.values()[by.indexOf(a)]).toList());
    }

    /**
     * Returns the order that a reshaped value has if its elements are not moved, or nothing if they would have to be.
     *
     * <p>Both shapes are split, in logical order, into the smallest groups of axes with equal products: [n, h, w, c] → [n, h·w, g, c/g] into n → n, (h, w) → h·w
     * and c → (g, c/g). The elements stay in place if the axes of each group lie side by side and in their logical order.
     */
    Optional<Order> reshaped(Dims from, Dims to) {
        List<Axis> in = NHWC.longer(from);
        List<Axis> out = NHWC.longer(to);
        List<Axis> now = longer(from);
        List<Axis> result = new ArrayList<>();
        List<Group> groups = Group.of(in, from, out, to);
        for (int i = 0; i < now.size(); ) {
            Axis first = now.get(i);
            Optional<Group> group = groups.stream().filter(g -> !g.in.isEmpty() && g.in.getFirst() == first).findFirst();
            if (group.isEmpty()) {
                return Optional.empty();
            }
            int size = group.get().in.size();
            if (i + size > now.size() || !now.subList(i, i + size).equals(group.get().in)) {
                return Optional.empty();
            }
            result.addAll(group.get().out);
            i += size;
        }
        return Optional.of(completed(result));
    }

    /** Adds the axes of size 1: where the logical order or NCHW has them, if one of these is possible. */
    private static Order completed(List<Axis> axes) {
        for (Order known : List.of(NHWC, NCHW, NHCW)) {
            if (known.axes.stream().filter(axes::contains).toList().equals(axes)) {
                return known;
            }
        }
        List<Axis> all = new ArrayList<>(axes);
        NHWC.axes.stream().filter(a -> !axes.contains(a)).forEach(all::add);
        return new Order(all);
    }

    /** Neighboring axes of one shape that hold the same elements as neighboring axes of another. */
    private record Group(List<Axis> in, List<Axis> out) {
        static List<Group> of(List<Axis> in, Dims from, List<Axis> out, Dims to) {
            List<Group> groups = new ArrayList<>();
            int i = 0;
            int o = 0;
            while (i < in.size() || o < out.size()) {
                int firstIn = i;
                int firstOut = o;
                Dim left = i < in.size() ? from.at(in.get(i++)) : Dim.ONE;
                Dim right = o < out.size() ? to.at(out.get(o++)) : Dim.ONE;
                while (!left.equals(right)) {
                    if (i < in.size() && (left.first() <= right.first() || o >= out.size())) {
                        left = left.times(from.at(in.get(i++)));
                    } else if (o < out.size()) {
                        right = right.times(to.at(out.get(o++)));
                    } else {
                        break; // all axes make one group
                    }
                }
                groups.add(new Group(in.subList(firstIn, i), out.subList(firstOut, o)));
            }
            return groups;
        }
    }
}
