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
import sirocco.folder.ModelFolder;
import sirocco.model.UNet;
import sirocco.model.UNetConfig;
import sirocco.model.Weights;

/**
 * Exports a {@link UNet}'s forward pass. Inputs: {@value #SAMPLE} F32 [batch,C,H,W]; {@value #TIMESTEP} F32 [batch]; {@value #LABELS} INT64 [batch], if the model
 * is class-conditional. Output: {@value #OUTPUT} F32 [batch,C,H,W].
 */
public final class UNetExport {
    public static final String SAMPLE = "sample";
    public static final String TIMESTEP = "timestep";
    public static final String LABELS = "class_labels";
    public static final String OUTPUT = "out_sample";

    private UNetExport() { }

    /**
     * Exports a UNet2DModel for images of its configuration's size.
     *
     * @param batch the batch size, or empty for any
     * @param mapped as in {@link OnnxExport.Options}
     * @param version of the program
     * @param scheduler the text of the scheduler's configuration, stored in the file; empty if there is none
     */
    public static OnnxModel of(Weights weights, OptionalInt batch, boolean mapped, String version, Optional<String> scheduler) {
        UNetConfig config = (UNetConfig) weights.config();
        UNet model = new UNet(config);
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(ModelFolder.CONFIG, config.toJson());
        scheduler.ifPresent(s -> metadata.put(ModelFolder.SCHEDULER, s));
        String description = "Denoising network (diffusers' UNet2DModel): predicts from a noisy image and its timestep what the model was trained to predict.";
        return OnnxExport.of(n -> record(model, n), v -> weights.get(v.name()),
                new OnnxExport.Options(batch, mapped, version, "UNet2DModel", description, metadata));
    }

    private static Network record(UNet model, int n) {
        UNetConfig config = model.config();
        GraphBuilder g = new GraphBuilder();
        Value x = g.input(SAMPLE, new Shape(n, config.height(), config.width(), config.inChannels()), DType.F32);
        Value t = g.input(TIMESTEP, Shape.features(n, 1), DType.F32);
        List<Port> inputs = new ArrayList<>(List.of(Port.images(x, SAMPLE), Port.numbers(t, TIMESTEP)));
        Optional<Value> labels = Optional.empty();
        if (config.numClassEmbeds().isPresent()) {
            labels = Optional.of(g.input(LABELS, Shape.features(n, 1), DType.I32));
            inputs.add(Port.labels(labels.get(), LABELS));
        }
        Value y = g.output(model.apply(g, x, t, labels, Optional.empty()));
        return new Network(g.build(), inputs, List.of(Port.images(y, OUTPUT)));
    }
}
