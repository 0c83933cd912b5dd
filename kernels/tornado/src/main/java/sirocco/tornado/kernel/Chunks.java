package sirocco.tornado.kernel;

import java.util.List;
import sirocco.api.Value;

/** Tables by which one launch goes over many tensors: for each chunk of one, its places in tensors that lie alike, then its length. */
final class Chunks {
    /** Elements. */
    static final int SIZE = 4096;

    private Chunks() { }

    /** Groups. */
    static int count(List<Value> values) {
        return Math.toIntExact(values.stream().mapToLong(v -> Launch.ceilDiv(v.shape().elements(), SIZE)).sum());
    }

    /**
     * @param before what the table begins with
     * @param lists run in parallel, shapes alike
     */
    static int[] table(Places p, int[] before, List<List<Value>> lists) {
        int[] table = new int[before.length + count(lists.getFirst()) * (lists.size() + 1)];
        System.arraycopy(before, 0, table, 0, before.length);
        int to = before.length;
        for (int tensor = 0; tensor < lists.getFirst().size(); tensor++) {
            int elements = (int) lists.getFirst().get(tensor).shape().elements();
            for (int done = 0; done < elements; done += SIZE) {
                for (List<Value> list : lists) {
                    table[to++] = p.at(list.get(tensor)) + done;
                }
                table[to++] = Math.min(SIZE, elements - done);
            }
        }
        return table;
    }
}
