package sirocco.api;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** Sums, means and maxima along axes. */
public sealed interface Reduction extends Op {
    /** What is made of the elements along the reduced axes. */
    enum Function { SUM, MEAN, MAXIMUM }

    /** y = {@code function} of x along {@code axes}, which have size 1 in y. Fixed order. Primitive. */
    record Reduce(@Reads Value x, Function function, Set<Axis> axes, @Writes Value y) implements Reduction {
        public Reduce {
            axes = Collections.unmodifiableSet(EnumSet.copyOf(axes));
        }

        /** Elements that go into one of y's. */
        public long terms() {
            return x.shape().elements() / y.shape().elements();
        }

        @Override
        public String kind() {
            return switch (function) {
                case SUM -> "Sum";
                case MEAN -> "Mean";
                case MAXIMUM -> "Max";
            };
        }

        @Override
        public void reverse(Reverse r) {
            if (r.needs(x)) {
                Value dy = r.gradientOf(y);
                r.add(x, r.recording(g -> switch (function) {
                    case SUM -> g.repeat(dy, x.shape());
                    case MEAN -> g.repeat(g.scale(dy, 1.0 / terms()), x.shape());
                    // Elements that share the maximum share its gradient.
                    case MAXIMUM -> {
                        Value largest = g.step(g.subtract(x, y));
                        yield g.multiply(g.divide(largest, g.sum(largest, axes)), dy);
                    }
                }));
            }
        }
    }

    /** Methods that record reductions. */
    interface Recording extends Recorder {
        /** Records a sum along axes; returns x itself if it has size 1 along all of them. */
        default Value sum(Value x, Set<Axis> axes) {
            return reduce(x, Function.SUM, axes);
        }

        /** Records a mean along axes. */
        default Value mean(Value x, Set<Axis> axes) {
            return reduce(x, Function.MEAN, axes);
        }

        /** Records a maximum along axes. */
        default Value maximum(Value x, Set<Axis> axes) {
            return reduce(x, Function.MAXIMUM, axes);
        }

        /** Records {@link Reduce}. */
        default Value reduce(Value x, Function function, Set<Axis> axes) {
            check(!axes.isEmpty(), "reduce", () -> "no axes to reduce x=" + x.shape() + " along");
            Shape s = x.shape();
            for (Axis a : axes) {
                s = s.with(a, 1);
            }
            if (s.equals(x.shape())) {
                return x;
            }
            Value y = temporary("y", s);
            return record(new Reduce(x, function, axes, y), y);
        }
    }
}
