package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Op;
import sirocco.api.Value;

/** Gradient norm, and Adam with clipping and the moving average: all parameters in one launch, chunk by chunk, from a table of pointers. */
final class Optimizer {
    /** Elements of a thread block. */
    private static final int CHUNK = 4096;

    Kernel gradientNorm(Op.GradientNorm op) {
        List<List<Value>> lists = List.of(op.gradients());
        int chunks = chunks(op.gradients());
        return Kernel.of(m -> List.of(
                Launch.blocks("gradient_norm", chunks, 1, 1, m.table(table(m, lists)), m.scratch()),
                Launch.blocks("gradient_norm_finish", 1, 1, 1, m.scratch(), chunks, m.at(op.norm())))).withScratch((long) chunks * Float.BYTES)
                .withTable(chunks * (lists.size() + 1));
    }

    Kernel adamEma(Op.AdamEma op) {
        List<List<Value>> lists = List.of(op.parameters(), op.gradients(), op.m(), op.v(), op.ema());
        int chunks = chunks(op.parameters());
        return Kernel.of(m -> List.of(Launch.blocks("adam_ema", chunks, 1, 1, m.table(table(m, lists)), m.at(op.norm()), m.at(op.hyper()))))
                .withTable(chunks * (lists.size() + 1));
    }

    private static int chunks(List<Value> values) {
        return Math.toIntExact(values.stream().mapToLong(v -> Launch.blocks(v.shape().elements(), CHUNK)).sum());
    }

    /** For each chunk its place in each list, and its number of elements. */
    private static long[] table(Places m, List<List<Value>> lists) {
        List<Value> first = lists.getFirst();
        long[] table = new long[chunks(first) * (lists.size() + 1)];
        int at = 0;
        for (int i = 0; i < first.size(); i++) {
            long elements = first.get(i).shape().elements();
            for (long done = 0; done < elements; done += CHUNK) {
                for (List<Value> list : lists) {
                    table[at++] = m.at(list.get(i)) + done * Float.BYTES;
                }
                table[at++] = Math.min(CHUNK, elements - done);
            }
        }
        return table;
    }
}
