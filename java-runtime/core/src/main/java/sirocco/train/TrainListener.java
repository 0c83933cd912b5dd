package sirocco.train;

import java.io.IOException;
import java.nio.file.Path;

/** Receives training events on the training thread. Training waits while a method runs. */
public interface TrainListener {
    /** A step has been given to the device, {@code step} with those before; it may still be at work on the last. */
    default void step(long step) throws IOException { }

    /** The device was asked for the loss of the last of {@code step} steps. That is done now and then only, since the host must wait for it. */
    default void loss(long step, float loss) throws IOException { }

    /** A line of metrics was written. */
    default void metrics(Metrics.Line line) throws IOException { }

    /** A checkpoint was written to this folder. */
    default void saved(Path folder) throws IOException { }
}
