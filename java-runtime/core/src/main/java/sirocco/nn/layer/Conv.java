package sirocco.nn.layer;

import java.util.List;
import java.util.Optional;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.api.Window;
import sirocco.nn.Parameter;

/** A convolution with bias. */
public record Conv(String name, int in, int out, Window window, Parameter.Init init) implements Layer {
    /** 3×3, output as large as the input. */
    public static Conv of3x3(String name, int in, int out) {
        return new Conv(name, in, out, Window.same(3), Parameter.Init.FAN_AVERAGE);
    }

    /** 1×1: a linear map of each pixel's channels. */
    public static Conv of1x1(String name, int in, int out) {
        return new Conv(name, in, out, Window.same(1), Parameter.Init.FAN_AVERAGE);
    }

    public Conv startingNearZero() {
        return new Conv(name, in, out, window, Parameter.Init.NEARLY_ZERO);
    }

    /** x [n,h,w,in] → [n,h',w',out] */
    public Value apply(GraphBuilder g, Value x) {
        return apply(g, x, Optional.empty(), Optional.empty());
    }

    /** The same + features [n,1,1,out], added to every pixel of an image. */
    public Value applyAddingPerChannel(GraphBuilder g, Value x, Value features) {
        return apply(g, x, Optional.of(features), Optional.empty());
    }

    /** The same + residual [n,h',w',out]. */
    public Value applyAdding(GraphBuilder g, Value x, Value residual) {
        return apply(g, x, Optional.empty(), Optional.of(residual));
    }

    private Value apply(GraphBuilder g, Value x, Optional<Value> perChannel, Optional<Value> residual) {
        return g.in(name, () -> {
            Value weight = g.parameter("weight", weightShape());
            Value bias = g.parameter("bias", Shape.vector(out));
            return g.conv2d(x, weight, Optional.of(bias), perChannel, residual, window);
        });
    }

    @Override
    public List<Parameter> parameters() {
        return List.of(new Parameter(name + ".weight", weightShape(), Parameter.Kind.CONV, init),
                new Parameter(name + ".bias", Shape.vector(out), Parameter.Kind.VECTOR, Parameter.Init.ZERO));
    }

    private Shape weightShape() {
        return new Shape(out, window.kernelH(), window.kernelW(), in);
    }
}
