package sirocco.train;

import java.util.function.UnaryOperator;

/**
 * How weights are updated. Section {@code optimizer} of {@link TrainConfig}.
 *
 * <p>The {@code with} methods return changed copies.
 */
public record OptimizerOptions(
        @Setting("learning rate after warm-up") double learningRate,
        @Setting(value = "learning rate after warm-up, over the steps of the run: constant, linear "
                + "(to 0), cosine (to 0)", flat = "lrSchedule") String learningRateSchedule,
        @Setting("steps of linear learning-rate warm-up") long warmup,
        AdamOptions adam,
        @Setting("decoupled weight decay (AdamW); 0: Adam") double weightDecay,
        @Setting("largest norm of the gradient; 0: no clipping") double clipNorm,
        @Setting("decay of the weights' moving average, reached as (1+step)/(10+step)") double emaDecay) {
    public OptimizerOptions {
        SettingCheck.that(learningRate > 0 && Double.isFinite(learningRate), "optimizer.learningRate", learningRate, "a positive number");
        SettingCheck.that(LearningRateSchedule.NAMES.contains(learningRateSchedule), "optimizer.learningRateSchedule",
                learningRateSchedule, "one of " + LearningRateSchedule.NAMES);
        SettingCheck.that(warmup >= 0, "optimizer.warmup", warmup, "0 or more");
        SettingCheck.that(weightDecay >= 0 && Double.isFinite(weightDecay), "optimizer.weightDecay", weightDecay, "0 or more");
        SettingCheck.that(clipNorm >= 0 && Double.isFinite(clipNorm), "optimizer.clipNorm", clipNorm, "0 or more");
        SettingCheck.that(emaDecay >= 0 && emaDecay < 1, "optimizer.emaDecay", emaDecay, "at least 0 and less than 1");
    }

    public OptimizerOptions withLearningRate(double learningRate) {
        return new OptimizerOptions(learningRate, learningRateSchedule, warmup, adam, weightDecay, clipNorm, emaDecay);
    }

    public OptimizerOptions withLearningRateSchedule(String learningRateSchedule) {
        return new OptimizerOptions(learningRate, learningRateSchedule, warmup, adam, weightDecay, clipNorm, emaDecay);
    }

    public OptimizerOptions withWarmup(long warmup) {
        return new OptimizerOptions(learningRate, learningRateSchedule, warmup, adam, weightDecay, clipNorm, emaDecay);
    }

    public OptimizerOptions withAdam(UnaryOperator<AdamOptions> change) {
        return new OptimizerOptions(learningRate, learningRateSchedule, warmup, change.apply(adam), weightDecay, clipNorm, emaDecay);
    }

    public OptimizerOptions withWeightDecay(double weightDecay) {
        return new OptimizerOptions(learningRate, learningRateSchedule, warmup, adam, weightDecay, clipNorm, emaDecay);
    }

    public OptimizerOptions withClipNorm(double clipNorm) {
        return new OptimizerOptions(learningRate, learningRateSchedule, warmup, adam, weightDecay, clipNorm, emaDecay);
    }

    public OptimizerOptions withEmaDecay(double emaDecay) {
        return new OptimizerOptions(learningRate, learningRateSchedule, warmup, adam, weightDecay, clipNorm, emaDecay);
    }
}
