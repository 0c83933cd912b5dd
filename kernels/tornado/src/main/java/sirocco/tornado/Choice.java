package sirocco.tornado;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import sirocco.api.Attention;
import sirocco.api.Convolution;
import sirocco.api.KernelChoices;
import sirocco.api.Normalization;
import sirocco.api.Op;
import sirocco.api.Product;
import sirocco.api.Settings.Precision;
import sirocco.gpu.OpNames;

/**
 * Which implementation computes an op on a device that has both: TornadoVM's kernel or the hand-tuned one of the CUDA backend. The one that was asked
 * for or else measured to be the faster ({@link KernelChoices}); otherwise hand-tuned ones in matrix products, convolutions, attention and group
 * normalization, and TornadoVM's where the device's bandwidth decides. On TornadoVM's arrays hand-tuned ones compute in F32, so in bf16
 * convolutions and attention are TornadoVM's.
 */
final class Choice {
    /** As in {@code conv2d=tornado,silu=cuda}, or {@code *=tornado}. */
    static final String PROPERTY = "sirocco.tornado.kernels";

    static final String TORNADO = "tornado";
    static final String CUDA = "cuda";

    private final KernelChoices choices;

    private final Precision precision;

    Choice(KernelChoices choices, Precision precision) {
        this.choices = choices;
        this.precision = precision;
    }

    /** By an op's name in the property, as in conv2d_backward_data. */
    static Map<String, List<String>> variants() {
        Map<String, List<String>> all = new LinkedHashMap<>();
        Op.records().forEach(op -> all.put(OpNames.of(op), List.of(TORNADO, CUDA)));
        return all;
    }

    boolean handTuned(Op op) {
        return choices.asked(OpNames.of(op.getClass())).or(() -> choices.measured(op)).orElseGet(() -> rule(op)).equals(CUDA);
    }

    /** Whether any op was asked to be computed by a hand-tuned kernel, measurements and rule aside. */
    boolean asksForHandTuned() {
        return variants().keySet().stream().anyMatch(op -> choices.asked(op).filter(CUDA::equals).isPresent());
    }

    private String rule(Op any) {
        return switch (any) {
            case Convolution.Conv2d _, Convolution.Conv2dBackwardData _, Convolution.Conv2dBackwardWeights _, Attention.Forward _, Attention.Backward _ ->
                    precision == Precision.BF16 ? TORNADO : CUDA;
            case Normalization.GroupNorm _, Normalization.GroupNormBackward _, Product.MatMul _ -> CUDA;
            default -> TORNADO;
        };
    }

    /** What is to be said of it where the device is described. */
    String describe() {
        return choices.describe();
    }
}
