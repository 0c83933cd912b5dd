package sirocco.bench;

import java.util.Map;
import java.util.Optional;
import sirocco.api.DType;
import sirocco.api.Graph;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.nn.NetworkConfig;
import sirocco.torch.TorchProgram;

/**
 * A network's forward pass as the library records it, for every side of a row: there is no second description of a network.
 *
 * @param x F32 [n,h,w,c]
 * @param t F32 [n,1,1,1], timesteps
 * @param y F32 [n,h,w,c], the prediction of ε
 */
public record NetworkGraph(Graph graph, Value x, Value t, Value y) {
    /** Records a forward pass of {@code n} images through an unconditional network. */
    public static NetworkGraph of(NetworkConfig config, int n) {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input("x", images(config, n), DType.F32);
        Value t = g.input("t", Shape.features(n, 1), DType.F32);
        Value y = g.output(apply(g, config, x, t));
        return new NetworkGraph(g.build(), x, t, y);
    }

    /** Records the network without dropout, so that a peer with other random numbers computes the same. */
    static Value apply(GraphBuilder g, NetworkConfig config, Value x, Value t) {
        return config.network().apply(g, x, t, Map.of(), Optional.empty());
    }

    /** Returns the forward pass of {@code n} images for PyTorch; its inputs are x [n,c,h,w] and t [n,1]. */
    public static TorchProgram torch(NetworkConfig config, int n) {
        return TorchProgram.of(of(config, n).graph, config.network());
    }

    static Shape images(NetworkConfig config, int n) {
        return config.network().images(n);
    }

    static int imageElements(NetworkConfig config) {
        return Math.toIntExact(images(config, 1).elements());
    }
}
