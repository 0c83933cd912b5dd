package sirocco.sample;

import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.diffusion.HostInputs;
import sirocco.diffusion.SolverProgram;
import sirocco.diffusion.StepTables;

/**
 * Tables with a row for each evaluation of a program, written once.
 *
 * @param inputs receives them
 * @param row I32 scalar, the evaluation to do next
 */
record ProgramTables(GraphBuilder graph, HostInputs inputs, SolverProgram program, Value row) implements StepTables<SolverProgram.Row> {
    @Override
    public Value table(String name, int height, int width, Entry<? super SolverProgram.Row> entry) {
        int each = height * width;
        float[] data = new float[program.steps() * each];
        for (int i = 0; i < data.length; i++) {
            data[i] = (float) entry.of(program.rows().get(i / each), i % each);
        }
        return inputs.table(graph, name, new Shape(program.steps(), 1, height, width), data);
    }

    /** Records a table of a number for each evaluation. */
    Value table(String name, double[] column) {
        float[] data = new float[column.length];
        for (int i = 0; i < data.length; i++) {
            data[i] = (float) column[i];
        }
        return inputs.table(graph, name, new Shape(column.length, 1, 1, 1), data);
    }
}
