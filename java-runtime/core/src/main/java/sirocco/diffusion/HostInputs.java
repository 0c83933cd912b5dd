package sirocco.diffusion;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import sirocco.api.DType;
import sirocco.api.Executable;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.Value;

/** Inputs of a graph with the data that the host writes to them: tables once, others before each step. */
public final class HostInputs {
    /** Computes what an input receives before a step. */
    @FunctionalInterface
    public interface Fill {
        /**
         * @param seed of the run
         * @param step number of the step, from 0
         * @param firstImage number of the batch's first image in the whole batch of the step; above 0 for micro-batches after the first
         * @param into receives the input's elements
         */
        void fill(long seed, long step, int firstImage, float[] into);
    }

    private record EachStep(Value value, float[] data, Fill fill) { }

    private final Map<Value, Object> tables = new LinkedHashMap<>();
    private final List<EachStep> eachStep = new ArrayList<>();

    /** Adds an F32 input that is written once. */
    public Value table(GraphBuilder g, String name, Shape shape, float[] data) {
        Value v = g.input(name, shape, DType.F32);
        tables.put(v, data);
        return v;
    }

    /** Adds an I32 input that is written once. */
    public Value table(GraphBuilder g, String name, Shape shape, int[] data) {
        Value v = g.input(name, shape, DType.I32);
        tables.put(v, data);
        return v;
    }

    /** Adds data that is written once to an F32 parameter or state of the graph. */
    public void once(Value v, float[] data) {
        tables.put(v, data);
    }

    /** Adds an F32 input that is written before each step. */
    public Value eachStep(GraphBuilder g, String name, Shape shape, Fill fill) {
        Value v = g.input(name, shape, DType.F32);
        eachStep.add(new EachStep(v, new float[Math.toIntExact(shape.elements())], fill));
        return v;
    }

    /** Writes what is written once. */
    public void writeTables(Executable executable) {
        tables.forEach((v, data) -> {
            if (data instanceof float[] floats) {
                executable.write(v, floats);
            } else {
                executable.write(v, (int[]) data);
            }
        });
    }

    /** Writes what is written before each step. */
    public void writeStep(Executable executable, long seed, long step, int firstImage) {
        for (EachStep e : eachStep) {
            e.fill.fill(seed, step, firstImage, e.data);
            executable.write(e.value, e.data);
        }
    }
}
