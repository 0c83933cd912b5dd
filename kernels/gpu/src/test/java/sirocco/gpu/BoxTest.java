package sirocco.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import sirocco.api.Axis;
import sirocco.api.DType;
import sirocco.api.Movement;
import sirocco.api.Shape;
import sirocco.api.Value;

class BoxTest {
    private static final Shape S = new Shape(2, 3, 4, 5);

    private static Value value(Shape s) {
        return new Value(0, "v", s, DType.F32, Value.Role.TEMPORARY);
    }

    /** Copies a box as its definition says. */
    private static void move(Box box, int[] x, int[] y) {
        for (int[] index : indices(box.shape())) {
            int from = box.from();
            int to = box.to();
            for (int a = 0; a < index.length; a++) {
                from += index[a] % box.size()[a] * box.x()[a];
                to += index[a] * box.y()[a];
            }
            y[to] = x[from];
        }
    }

    private static List<int[]> indices(Shape s) {
        List<int[]> all = new ArrayList<>();
        for (int n = 0; n < s.n(); n++) {
            for (int h = 0; h < s.h(); h++) {
                for (int w = 0; w < s.w(); w++) {
                    for (int c = 0; c < s.c(); c++) {
                        all.add(new int[] {n, h, w, c});
                    }
                }
            }
        }
        return all;
    }

    private static int element(Shape s, int[] index) {
        return ((index[0] * s.h() + index[1]) * s.w() + index[2]) * s.c() + index[3];
    }

    private static int[] numbered(Shape s, int first) {
        int[] x = new int[(int) s.elements()];
        Arrays.setAll(x, i -> first + i);
        return x;
    }

    private static int[] empty(Shape s) {
        int[] y = new int[(int) s.elements()];
        Arrays.fill(y, -1);
        return y;
    }

    @Test
    void aSliceBeginsWhereItSays() {
        for (Axis axis : Axis.values()) {
            Shape ys = S.with(axis, S.size(axis) - 1);
            int[] y = empty(ys);
            move(Box.of(new Movement.Slice(value(S), axis, 1, value(ys))), numbered(S, 0), y);
            for (int[] index : indices(ys)) {
                int[] source = index.clone();
                source[axis.ordinal()]++;
                assertEquals(element(S, source), y[element(ys, index)], axis + " " + Arrays.toString(index));
            }
        }
    }

    @Test
    void aConcatenationHasBothParts() {
        for (Axis axis : Axis.values()) {
            Shape bs = S.with(axis, 3);
            Shape ys = S.with(axis, S.size(axis) + 3);
            int[] y = empty(ys);
            List<Box> parts = Box.of(new Movement.Concat(value(S), value(bs), axis, value(ys)));
            move(parts.get(0), numbered(S, 0), y);
            move(parts.get(1), numbered(bs, 1000), y);
            for (int[] index : indices(ys)) {
                int[] source = index.clone();
                int inB = index[axis.ordinal()] - S.size(axis);
                source[axis.ordinal()] = inB < 0 ? index[axis.ordinal()] : inB;
                assertEquals(inB < 0 ? element(S, source) : 1000 + element(bs, source), y[element(ys, index)], axis + " " + Arrays.toString(index));
            }
        }
    }

    @Test
    void aRepetitionBeginsAgain() {
        Shape ys = new Shape(4, 3, 12, 10);
        int[] y = empty(ys);
        move(Box.of(new Movement.Repeat(value(S), value(ys))), numbered(S, 0), y);
        for (int[] i : indices(ys)) {
            assertEquals(element(S, new int[] {i[0] % S.n(), i[1] % S.h(), i[2] % S.w(), i[3] % S.c()}), y[element(ys, i)], Arrays.toString(i));
        }
    }

    @Test
    void aPermutationTakesAxesInTheirOrder() {
        List<Axis> order = List.of(Axis.C, Axis.N, Axis.W, Axis.H);
        Shape ys = new Shape(S.c(), S.n(), S.w(), S.h());
        int[] y = empty(ys);
        move(Box.of(new Movement.Permute(value(S), order, value(ys))), numbered(S, 0), y);
        for (int[] i : indices(ys)) {
            assertEquals(element(S, new int[] {i[1], i[3], i[2], i[0]}), y[element(ys, i)], Arrays.toString(i));
        }
    }

    @Test
    void aCopyKeepsTheOrder() {
        int[] y = empty(S);
        move(Box.copy(S.elements()), numbered(S, 0), y);
        assertEquals(Arrays.toString(numbered(S, 0)), Arrays.toString(y));
    }
}
