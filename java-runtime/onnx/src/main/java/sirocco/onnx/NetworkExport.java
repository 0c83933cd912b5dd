package sirocco.onnx;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import sirocco.api.DType;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.data.Column;
import sirocco.folder.ModelFolder;
import sirocco.nn.Condition;
import sirocco.nn.LowResCondition;
import sirocco.nn.Network;
import sirocco.nn.NetworkConfig;
import sirocco.nn.Weights;

/**
 * Exports a network's forward pass. Inputs: {@value #SAMPLE} F32 [batch,C,H,W]; {@value #TIMESTEP} F32 [batch]; {@value #LABELS} INT64 [batch], if the
 * network is conditioned on a class; {@value #LOW_RES} F32 [batch,C,H/k,W/k], if it receives a low-resolution partner. Output: {@value #OUTPUT} F32 [batch,C,H,W]; the logits [batch,classes,1,1] of a classifier.
 */
public final class NetworkExport {
    public static final String SAMPLE = "sample";
    public static final String TIMESTEP = "timestep";
    public static final String LABELS = "class_labels";
    public static final String LOW_RES = LowResCondition.COLUMN;
    public static final String OUTPUT = "out_sample";

    private NetworkExport() { }

    /**
     * Exports a network for images of its configuration's size.
     *
     * @param batch the batch size, or empty for any
     * @param mapped as in {@link OnnxExport.Options}
     * @param version of the program
     * @param scheduler the text of the scheduler's configuration, stored in the file; empty if there is none
     * @throws IllegalArgumentException if the network has a condition that is not exported
     */
    public static OnnxModel of(Weights weights, OptionalInt batch, boolean mapped, String version, Optional<String> scheduler) {
        NetworkConfig config = weights.config();
        Network model = config.network();
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(ModelFolder.CONFIG, config.toJson());
        scheduler.ifPresent(s -> metadata.put(ModelFolder.SCHEDULER, s));
        String description = config.classifies() ? "Classifier of noisy images (" + config.className() + "): logits of the classes."
                : "Denoising network (" + config.className() + "): predicts from a noisy image and its timestep what the model was trained to predict.";
        return OnnxExport.of(n -> record(model, n), v -> weights.get(v.name()),
                new OnnxExport.Options(batch, mapped, version, config.className(), description, metadata));
    }

    private static PortedGraph record(Network model, int n) {
        GraphBuilder g = new GraphBuilder();
        Value x = g.input(SAMPLE, model.images(n), DType.F32);
        Value t = g.input(TIMESTEP, Shape.features(n, 1), DType.F32);
        List<Port> inputs = new ArrayList<>(List.of(Port.images(x, SAMPLE), Port.numbers(t, TIMESTEP)));
        Map<Condition, Value> conditions = model.conditionInputs(g, n);
        conditions.forEach((c, v) -> inputs.add(port(c, v)));
        Value y = g.output(model.apply(g, x, t, conditions, Optional.empty()));
        return new PortedGraph(g.build(), inputs, List.of(Port.images(y, OUTPUT)));
    }

    private static Port port(Condition condition, Value v) {
        return switch (condition.column().name()) {
            case Column.LABEL -> Port.labels(v, LABELS);
            case LowResCondition.COLUMN -> Port.images(v, LOW_RES);
            default -> throw new IllegalArgumentException("export: condition \"" + condition.column().name() + "\" is not exported (expected " + Column.LABEL + " or "
                    + LowResCondition.COLUMN + ").");
        };
    }
}
