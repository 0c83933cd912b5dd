package sirocco.nn;

import sirocco.api.GraphBuilder;
import sirocco.api.RandomKey;
import sirocco.api.Value;
import sirocco.data.Batch;
import sirocco.data.Column;

/**
 * A class label, a row of the network's class table. The null class is the last row.
 *
 * @param rows rows of the class table, at least 1
 */
public record ClassCondition(int rows) implements Condition {
    @Override
    public Column column() {
        return Column.label();
    }

    @Override
    public Value drop(GraphBuilder g, Value given, RandomKey key, double p) {
        return g.dropLabels(given, key.rng(), key.index(), (float) p, rows - 1);
    }

    @Override
    public void writeNull(Batch into, int row) {
        into.ints(Column.LABEL)[row] = rows - 1;
    }

    @Override
    public void check(Batch given, int row, long sample) {
        int label = given.ints(Column.LABEL)[row];
        if (label < 0 || label >= rows) {
            throw new IllegalArgumentException("class of image " + sample + ": the model knows 0 to " + (rows - 1) + ", got " + label);
        }
    }
}
