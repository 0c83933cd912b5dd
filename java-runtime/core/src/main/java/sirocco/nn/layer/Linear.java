package sirocco.nn.layer;

import java.util.List;
import java.util.Optional;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.api.Window;
import sirocco.nn.Parameter;

/** A linear layer with bias, on an image's features or on each pixel's channels: recorded as the 1×1 convolution that it is. */
public record Linear(String name, int in, int out, Parameter.Init init) implements Layer {
    public Linear(String name, int in, int out) {
        this(name, in, out, Parameter.Init.FAN_AVERAGE);
    }

    public Linear startingNearZero() {
        return new Linear(name, in, out, Parameter.Init.NEARLY_ZERO);
    }

    /** x [n,h,w,in] → [n,h,w,out] */
    public Value apply(GraphBuilder g, Value x) {
        return applyAdding(g, x, Optional.empty());
    }

    /** The same + residual [n,h,w,out]. */
    public Value applyAdding(GraphBuilder g, Value x, Optional<Value> residual) {
        return g.in(name, () -> {
            Value weight = g.parameter("weight", weightShape());
            Value bias = g.parameter("bias", Shape.vector(out));
            return g.conv2d(x, weight, Optional.of(bias), Optional.empty(), residual, Window.same(1));
        });
    }

    @Override
    public List<Parameter> parameters() {
        return List.of(new Parameter(name + ".weight", weightShape(), Parameter.Kind.LINEAR, init),
                new Parameter(name + ".bias", Shape.vector(out), Parameter.Kind.VECTOR, Parameter.Init.ZERO));
    }

    private Shape weightShape() {
        return new Shape(out, 1, 1, in);
    }
}
