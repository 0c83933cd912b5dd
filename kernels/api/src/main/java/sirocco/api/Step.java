package sirocco.api;

/** An op at its place in a graph, with the path of the layer that recorded it: what errors, dumps and traces call it. */
public record Step(String name, Op op) {
    @Override
    public String toString() {
        return op.kind() + " \"" + name + "\"";
    }
}
