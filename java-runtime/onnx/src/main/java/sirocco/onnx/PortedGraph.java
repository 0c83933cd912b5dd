package sirocco.onnx;

import java.util.List;
import sirocco.api.Graph;

/** A recorded network and which of its values are inputs and outputs of the exported file. */
public record PortedGraph(Graph graph, List<Port> inputs, List<Port> outputs) {
    public PortedGraph {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
    }
}
