package sirocco.diffusion;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import sirocco.api.Value;

/**
 * The recorded loss of a batch.
 *
 * @param total F32 [1,1,1,1], a mean over the images of the batch; what is differentiated
 * @param parts terms of the loss by name, each as {@code total}, for the log; {@code total} is a weighted sum of them. Empty if the loss has a single term
 */
public record TrainingLoss(Value total, Map<String, Value> parts) {
    public TrainingLoss {
        parts = Collections.unmodifiableMap(new LinkedHashMap<>(parts));
    }

    /** Returns a loss of a single term. */
    public static TrainingLoss of(Value total) {
        return new TrainingLoss(total, Map.of());
    }
}
