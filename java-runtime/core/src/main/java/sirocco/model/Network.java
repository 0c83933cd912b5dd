package sirocco.model;

import java.util.List;

/** A neural network: its configuration and its parameters. It records ops and holds no weights. */
public interface Network {
    NetworkConfig config();

    /** Returns the parameters in the order of a model file, input first. */
    List<Parameter> parameters();

    /** Returns the number of weights. */
    default long parameterCount() {
        return parameters().stream().mapToLong(p -> p.shape().elements()).sum();
    }
}
