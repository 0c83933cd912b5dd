package sirocco.tornado.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import sirocco.api.Axis;
import sirocco.api.DType;
import sirocco.api.Reduction;
import sirocco.api.Shape;
import sirocco.api.Value;

class ReductionViewTest {
    private static final List<Shape> SHAPES = List.of(new Shape(2, 3, 5, 7), new Shape(2, 1, 5, 1), new Shape(1, 3, 1, 7), new Shape(1, 1, 1, 1));

    private static Value value(Shape s) {
        return new Value(0, "v", s, DType.F32, Value.Role.TEMPORARY);
    }

    /** Every result has the elements that the op defines, in the order in which they lie. */
    @Test
    void resultsHaveTheTermsOfTheOp() {
        for (Shape x : SHAPES) {
            for (int bits = 1; bits < 16; bits++) {
                Set<Axis> axes = EnumSet.noneOf(Axis.class);
                for (Axis a : Axis.values()) {
                    if ((bits >> a.ordinal() & 1) == 1) {
                        axes.add(a);
                    }
                }
                Shape y = x;
                for (Axis a : axes) {
                    y = y.with(a, 1);
                }
                ReductionView v = ReductionView.of(new Reduction.Reduce(value(x), Reduction.Function.SUM, axes, value(y)));
                assertEquals(defined(x, y), viewed(v), x + " along " + axes + ": " + v);
            }
        }
    }

    private static List<List<Integer>> defined(Shape x, Shape y) {
        List<List<Integer>> terms = IntStream.range(0, (int) y.elements()).<List<Integer>>mapToObj(_ -> new ArrayList<>()).toList();
        int element = 0;
        for (int n = 0; n < x.n(); n++) {
            for (int h = 0; h < x.h(); h++) {
                for (int w = 0; w < x.w(); w++) {
                    for (int c = 0; c < x.c(); c++) {
                        terms.get(((n % y.n() * y.h() + h % y.h()) * y.w() + w % y.w()) * y.c() + c % y.c()).add(element++);
                    }
                }
            }
        }
        return terms;
    }

    /** As the kernel goes over them. */
    private static List<List<Integer>> viewed(ReductionView v) {
        List<List<Integer>> terms = new ArrayList<>();
        for (int i = 0; i < v.results(); i++) {
            int from = i / v.k2() / v.k1() * (v.r0() * v.k1() * v.r1() * v.k2()) + i / v.k2() % v.k1() * (v.r1() * v.k2()) + i % v.k2();
            terms.add(IntStream.range(0, v.terms()).mapToObj(t -> from + t / v.r1() * (v.k1() * v.r1() * v.k2()) + t % v.r1() * v.k2()).toList());
        }
        return terms;
    }
}
