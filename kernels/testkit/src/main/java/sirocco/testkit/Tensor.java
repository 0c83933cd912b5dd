package sirocco.testkit;

import java.util.Arrays;
import sirocco.api.Shape;

/**
 * A value's place in the memory of a {@link ReferenceExecutable}: dense, logical NHWC. Indices are within the value, {@code get(i)} flat.
 *
 * @param data the region that it lies in
 * @param offset of its first element there
 */
record Tensor(Shape shape, double[] data, int offset) {
    int size() {
        return (int) shape.elements();
    }

    int n() {
        return shape.n();
    }

    int h() {
        return shape.h();
    }

    int w() {
        return shape.w();
    }

    int c() {
        return shape.c();
    }

    /** The flat index of an element. */
    int at(int n, int h, int w, int c) {
        return ((n * shape.h() + h) * shape.w() + w) * shape.c() + c;
    }

    /** The flat index of the element that is broadcast to a place: along an axis of size 1, the only one. */
    int broadcastAt(int n, int h, int w, int c) {
        return at(shape.n() == 1 ? 0 : n, shape.h() == 1 ? 0 : h, shape.w() == 1 ? 0 : w, shape.c() == 1 ? 0 : c);
    }

    double broadcast(int n, int h, int w, int c) {
        return get(broadcastAt(n, h, w, c));
    }

    /** A place in a tensor. */
    @FunctionalInterface
    interface Place {
        void at(int n, int h, int w, int c);
    }

    /** Visits every place in logical order. */
    void forEach(Place place) {
        for (int n = 0; n < n(); n++) {
            for (int h = 0; h < h(); h++) {
                for (int w = 0; w < w(); w++) {
                    for (int c = 0; c < c(); c++) {
                        place.at(n, h, w, c);
                    }
                }
            }
        }
    }

    double get(int i) {
        return data[offset + i];
    }

    double get(int n, int h, int w, int c) {
        return get(at(n, h, w, c));
    }

    /** An element of an I32 value. */
    int integer(int i) {
        return (int) get(i);
    }

    void set(int i, double x) {
        data[offset + i] = x;
    }

    void set(int n, int h, int w, int c, double x) {
        set(at(n, h, w, c), x);
    }

    void add(int i, double x) {
        data[offset + i] += x;
    }

    void add(int n, int h, int w, int c, double x) {
        add(at(n, h, w, c), x);
    }

    void fill(double x) {
        Arrays.fill(data, offset, offset + size(), x);
    }
}
