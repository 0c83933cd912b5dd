package sirocco.train;

/**
 * The constants of Adam (Kingma &amp; Ba 2015). Section {@code optimizer.adam} of {@link TrainConfig}.
 *
 * <p>The {@code with} methods return changed copies.
 */
public record AdamOptions(
        @Setting("Adam's beta 1") double beta1,
        @Setting("Adam's beta 2") double beta2,
        @Setting(value = "Adam's epsilon", flat = "adamEpsilon") double epsilon) {
    public AdamOptions {
        SettingCheck.that(beta1 >= 0 && beta1 < 1, "optimizer.adam.beta1", beta1, "at least 0 and less than 1");
        SettingCheck.that(beta2 >= 0 && beta2 < 1, "optimizer.adam.beta2", beta2, "at least 0 and less than 1");
        SettingCheck.that(epsilon > 0 && Double.isFinite(epsilon), "optimizer.adam.epsilon", epsilon, "a positive number");
    }

    public AdamOptions withBeta1(double beta1) {
        return new AdamOptions(beta1, beta2, epsilon);
    }

    public AdamOptions withBeta2(double beta2) {
        return new AdamOptions(beta1, beta2, epsilon);
    }

    public AdamOptions withEpsilon(double epsilon) {
        return new AdamOptions(beta1, beta2, epsilon);
    }
}
