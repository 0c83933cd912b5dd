package sirocco.check;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A step and its batch size, as {@code train:128} and {@code sample:1}. */
record StepBatch(boolean training, int batch) {
    private static final Pattern TEXT = Pattern.compile("(train|sample):([1-9]\\d{0,4})");

    /**
     * Parses steps.
     *
     * @param option for errors
     * @throws IllegalArgumentException for what is no step with a batch
     */
    static List<StepBatch> parse(String option, List<String> steps) {
        return steps.stream().map(text -> {
            Matcher m = TEXT.matcher(text);
            if (!m.matches()) {
                throw new IllegalArgumentException(option + ": expected train:BATCH or sample:BATCH, got " + text);
            }
            return new StepBatch(m.group(1).equals("train"), Integer.parseInt(m.group(2)));
        }).toList();
    }

    @Override
    public String toString() {
        return (training ? "train:" : "sample:") + batch;
    }
}
