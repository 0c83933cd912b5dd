package sirocco.testkit;

import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Graph;
import sirocco.api.Lowering;
import sirocco.api.MemoryPlanner;
import sirocco.api.Plan;

/**
 * The device of {@link ReferenceBackend}. It computes primitives only: fused ops are lowered, so that each decomposition is tested against each backend's kernel.
 * Every element, of whatever type, is a double, so a value takes 8 bytes an element.
 */
public final class ReferenceDevice implements Device {
    @Override
    public String describe() {
        return "reference: scalar double precision, one thread";
    }

    @Override
    public Plan plan(Graph graph) {
        return plan(graph, true);
    }

    /** @param share false gives every temporary memory of its own */
    public Plan plan(Graph graph, boolean share) {
        return MemoryPlanner.plan(Lowering.toPrimitives(graph), v -> v.shape().elements() * Double.BYTES, share);
    }

    @Override
    public Executable load(Plan plan) {
        return new ReferenceExecutable(plan);
    }

    @Override
    public void close() { }
}
