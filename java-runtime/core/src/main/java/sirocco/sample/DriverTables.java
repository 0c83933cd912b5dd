package sirocco.sample;

import java.util.ArrayList;
import java.util.List;
import sirocco.api.DType;
import sirocco.api.Executable;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.diffusion.SolverDriver;
import sirocco.diffusion.StepTables;

/** Tables with a row for each image, written before each evaluation. */
final class DriverTables implements StepTables<SolverDriver.Row> {
    private record Table(Value value, int each, float[] data, Entry<? super SolverDriver.Row> entry) { }

    private final GraphBuilder graph;
    private final Value row;
    private final List<Table> tables = new ArrayList<>();

    /** @param row I32 [n,1,1,1]: 0 … n − 1 */
    DriverTables(GraphBuilder graph, Value row) {
        this.graph = graph;
        this.row = row;
    }

    @Override
    public Value row() {
        return row;
    }

    @Override
    public Value table(String name, int height, int width, Entry<? super SolverDriver.Row> entry) {
        int each = height * width;
        Value value = graph.input(name, new Shape(row.shape().n(), 1, height, width), DType.F32);
        tables.add(new Table(value, each, new float[row.shape().n() * each], entry));
        return value;
    }

    /** Writes the rows of the next evaluation, one for each image. */
    void write(Executable executable, List<SolverDriver.Row> rows) {
        for (Table t : tables) {
            for (int i = 0; i < t.data.length; i++) {
                t.data[i] = (float) t.entry.of(rows.get(i / t.each), i % t.each);
            }
            executable.write(t.value, t.data);
        }
    }
}
