package sirocco.sample;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BinaryOperator;
import sirocco.api.Axis;
import sirocco.api.Gradients;
import sirocco.api.GraphBuilder;
import sirocco.api.ParameterSet;
import sirocco.api.Step;
import sirocco.api.Value;
import sirocco.data.Batch;
import sirocco.data.Column;
import sirocco.diffusion.Evaluation;
import sirocco.diffusion.Guide;
import sirocco.diffusion.Level;
import sirocco.nn.Weights;

/**
 * Classifier guidance (Dhariwal &amp; Nichol 2021, algorithm 2, for any solver): the score gains scale·∇ log p(y | x_t), so that x̂_0 gains
 * (s²/a)·scale·∇ log p(y | x_t). The label y of an image is its {@link Column#LABEL}.
 *
 * @param base makes the output that is guided
 * @param classifier weights of a network that classifies noisy images of the process that is sampled
 * @param scale 0 for none; 1 samples from p(x)·p(y | x); more is sharper
 */
public record ClassifierGuide(Guide base, Weights classifier, double scale) implements Guide {
    private static final String PREFIX = "classifier.";

    public ClassifierGuide {
        if (!classifier.config().classifies()) {
            throw new IllegalArgumentException("classifier guidance: the network is a " + classifier.config().className() + " (expected a classifier).");
        }
        if (!Float.isFinite((float) scale)) {
            throw new IllegalArgumentException("classifier guidance: the scale is not a finite number of float32: " + scale + ".");
        }
    }

    @Override
    public List<Conditioned> evaluations() {
        return base.evaluations();
    }

    @Override
    public void check(Batch given, int row, long image) {
        base.check(given, row, image);
        int label = given.ints(Column.LABEL)[row];
        if (label < 0 || label >= classifier.config().outChannels()) {
            throw new IllegalArgumentException("class of image " + image + ": the classifier does not know it (expected 0 to "
                    + (classifier.config().outChannels() - 1) + ", got " + label + ").");
        }
    }

    @Override
    public Value record(Step step, Value x, Value t, BinaryOperator<Value> network) {
        GraphBuilder g = step.graph();
        Value out = base.record(step, x, t, network);
        int n = x.shape().n();
        Value time = t.shape().n() == n ? t : g.in("classifier_guidance.time", () -> g.slice(t, Axis.N, 0, n));
        ParameterSet parameters = new ParameterSet(PREFIX);
        Value logits = g.with(parameters, () -> classifier.config().network().apply(g, x, time, Map.of(), Optional.empty()));
        parameters.byName().forEach((name, v) -> step.inputs().once(v, classifier.get(name)));
        Value loss = g.in("classifier_guidance.loss", () -> g.crossEntropy(logits, step.given(Column.label())));
        Value gradient = Gradients.of(g, loss, List.of(x)).get(x);
        Value table = step.tables().table("classifier_guidance", 1, 2, (e, column) -> column == 0 ? 1 : factor(e, n));
        return g.in("classifier_guidance", () -> g.combine(table, step.tables().row(), List.of(out, gradient)).getFirst());
    }

    /** Returns the factor of the gradient of the mean of −log p over n images by the network's input, to be added to the output. */
    private double factor(Evaluation evaluation, int n) {
        Level level = evaluation.level();
        double clean = level.s() * level.s() / level.a() * level.inputScale();
        double factor = -n * scale * clean / evaluation.ko();
        if (!Float.isFinite((float) factor)) {
            throw new IllegalArgumentException("classifier guidance: the step at time " + level.time()
                    + " has no signal, so the gradient has no finite weight. Sample with other timesteps, or a process that does not end in pure noise.");
        }
        return factor;
    }
}
