package sirocco.onnx;

import sirocco.api.Step;

/** A network whose recording depends on the batch size in a way that cannot be written with the batch size free. */
public final class FreeBatchException extends IllegalArgumentException {
    FreeBatchException(String problem) {
        super("export: " + problem + ", so the batch size cannot be free. Export the network with a fixed batch size.");
    }

    FreeBatchException(Step step, String problem) {
        this("step " + step + ": " + problem);
    }
}
