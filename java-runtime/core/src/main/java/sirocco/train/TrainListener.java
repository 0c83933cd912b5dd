package sirocco.train;

import java.io.IOException;
import java.nio.file.Path;

/** Told how training goes, on the training thread: what takes long here holds training up. */
public interface TrainListener {
    /** A step is done; {@code step} is how many are. */
    default void step(long step, float loss) throws IOException { }

    /** A line of metrics was written. */
    default void metrics(Metrics.Line line) throws IOException { }

    /** A checkpoint was written to this folder. */
    default void saved(Path folder) throws IOException { }
}
