package sirocco.tornado.kernel;

import java.util.List;
import sirocco.api.DType;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.gpu.Box;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * {@link Box}es that fill a tensor: permutations and repetitions. {@link Fours} of the result a work item, each read and written once; no local memory.
 * Neighbours in the result are neighbours in what is read, unless the last axis moves.
 */
final class Boxes {
    private Boxes() { }

    /** @param box fills y */
    static Kernel of(Box box, Value from, Value to) {
        Shape s = box.shape();
        int n = (int) s.elements();
        int[] x = box.x();
        int[] size = box.size();
        if (from.dtype() == DType.I32) {
            return Kernel.of(p -> List.of(Launch.items("moveWords", new int[] {p.at(from), p.at(to)}, n,
                    (g, id, c, m, w, at) -> g.task(id, Boxes::moveWords, c, m, w, at, n, s.h(), s.w(), s.c(), x[0], x[1], x[2], x[3], size[0], size[1], size[2],
                            size[3]))));
        }
        return Kernel.of(p -> List.of(Launch.fours("move", new int[] {p.at(from), p.at(to)}, n,
                (g, id, c, m, at) -> g.task(id, Boxes::move, c, m, at, n, s.h(), s.w(), s.c(), x[0], x[1], x[2], x[3], size[0], size[1], size[2], size[3]))));
    }

    /** at: x, y [·,h,w,channels] */
    static void move(KernelContext c, FloatArray m, IntArray at, int n, int h, int w, int channels, int xN, int xH, int xW, int xC, int sizeN, int sizeH,
            int sizeW, int sizeC) {
        int from = at.get(0);
        int to = at.get(1);
        int first = Fours.first(c);
        float[] y = new float[Fours.EACH];
        for (int j = 0; j < Fours.EACH; j++) {
            int i = Fours.read(first, j, n);
            y[j] = m.get(from + source(i, h, w, channels, xN, xH, xW, xC, sizeN, sizeH, sizeW, sizeC));
        }
        Fours.store(m, to, first, n, y);
    }

    /** The same of I32, of which there are few: one a work item. */
    static void moveWords(KernelContext c, FloatArray m, IntArray words, IntArray at, int n, int h, int w, int channels, int xN, int xH, int xW, int xC,
            int sizeN, int sizeH, int sizeW, int sizeC) {
        int i = c.globalIdx;
        if (i < n) {
            int from = at.get(0) + source(i, h, w, channels, xN, xH, xW, xC, sizeN, sizeH, sizeW, sizeC);
            words.set(at.get(1) + i, words.get(from));
        }
    }

    private static int source(int i, int h, int w, int channels, int xN, int xH, int xW, int xC, int sizeN, int sizeH, int sizeW, int sizeC) {
        int pixel = i / channels;
        int row = pixel / w;
        return row / h % sizeN * xN + row % h % sizeH * xH + pixel % w % sizeW * xW + i % channels % sizeC * xC;
    }
}
