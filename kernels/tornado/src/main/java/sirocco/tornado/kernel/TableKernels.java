package sirocco.tornado.kernel;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import sirocco.api.Diffusion;
import sirocco.api.Shape;
import sirocco.gpu.FaultMessages;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Ops by rows of a table, and what moves to the next row; no local memory. A row that is none is reported. */
final class TableKernels {
    private TableKernels() { }

    static Kernel of(Diffusion.Lookup op) {
        int n = op.y().shape().n();
        int rows = op.table().shape().n();
        int columns = (int) op.table().shape().imageElements();
        int ofEach = op.row().shape().n() > 1 ? 1 : 0;
        return Kernel.of(p -> List.of(Launch.items("lookup", new int[] {p.at(op.table()) + op.column(), p.at(op.row()), p.at(op.y()), p.fault(), p.faultCode()},
                n, (g, id, c, m, w, at) -> g.task(id, TableKernels::lookup, c, m, w, at, n, rows, columns, ofEach))))
                .withFault(FaultMessages.cursorOutside(op.table()));
    }

    /**
     * One image a work item: reads its row and a number of it, writes that.
     *
     * <p>at: table [rows, columns] from the column on, row, y [n], fault, code
     *
     * @param ofEach 1 if each image has a row, 0 if all have one
     */
    static void lookup(KernelContext c, FloatArray m, IntArray w, IntArray at, int n, int rows, int columns, int ofEach) {
        int i = c.globalIdx;
        if (i < n) {
            int row = w.get(at.get(1) + ofEach * i);
            if (row >= 0 && row < rows) {
                m.set(at.get(2) + i, m.get(at.get(0) + row * columns));
            } else {
                Faults.report(w, at.get(3), at.get(4), row);
            }
        }
    }

    static Kernel of(Diffusion.Combine op) {
        Shape s = op.y().getFirst().shape();
        int n = (int) s.elements();
        int each = (int) s.imageElements();
        int rows = op.table().shape().n();
        int inputs = op.x().size();
        int outputs = op.y().size();
        int ofEach = op.row().shape().n() > 1 ? 1 : 0;
        return Kernel.of(p -> {
            IntStream operands = Stream.concat(op.x().stream(), op.y().stream()).mapToInt(p::at);
            int[] at = IntStream.concat(IntStream.of(p.at(op.table()), p.at(op.row()), p.fault(), p.faultCode()), operands).toArray();
            return List.of(Launch.items("combine", at, n,
                    (g, id, c, m, w, places) -> g.task(id, TableKernels::combine, c, m, w, places, n, each, rows, inputs, outputs, ofEach)));
        }).withFault(FaultMessages.cursorOutside(op.table()));
    }

    /**
     * One element a work item, of which it reads all inputs and writes all outputs, with its image's coefficients. Without a row outputs are 0.
     *
     * <p>at: table [rows, outputs, inputs], row, fault, code, inputs, outputs
     */
    static void combine(KernelContext c, FloatArray m, IntArray w, IntArray at, int n, int each, int rows, int inputs, int outputs, int ofEach) {
        int i = c.globalIdx;
        if (i < n) {
            float[] x = new float[Diffusion.Combine.REGISTERS];
            float[] y = new float[Diffusion.Combine.REGISTERS];
            int row = w.get(at.get(1) + ofEach * (i / each));
            boolean known = row >= 0 & row < rows;
            int coefficients = at.get(0) + (known ? row : 0) * (inputs * outputs);
            for (int k = 0; k < inputs; k++) {
                x[k] = m.get(at.get(4 + k) + i);
            }
            for (int j = 0; j < outputs; j++) {
                float sum = 0;
                for (int k = 0; k < inputs; k++) {
                    sum += m.get(coefficients + j * inputs + k) * x[k];
                }
                y[j] = known ? sum : 0;
            }
            for (int j = 0; j < outputs; j++) {
                m.set(at.get(4 + inputs + j) + i, y[j]);
            }
            if (!known) {
                Faults.report(w, at.get(2), at.get(3), row);
            }
        }
    }

    static Kernel of(Diffusion.Advance op) {
        return Kernel.of(p -> List.of(Launch.items("advance", new int[] {p.at(op.cursor())}, 1,
                (g, id, c, m, w, at) -> g.task(id, TableKernels::advance, c, m, w, at))));
    }

    /** One work item reads the cursor and writes it. at: cursor */
    static void advance(KernelContext c, FloatArray m, IntArray w, IntArray at) {
        if (c.globalIdx == 0) {
            w.set(at.get(0), w.get(at.get(0)) + 1);
        }
    }
}
