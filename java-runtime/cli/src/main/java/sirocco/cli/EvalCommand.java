package sirocco.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import sirocco.data.Checker;
import sirocco.data.Dataset;
import sirocco.data.Datasets;
import sirocco.image.FrechetDistance;
import sirocco.image.ImageSet;

/** Tells how good images are, in numbers. */
@Command(name = "eval", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Score images: as members of the built-in dataset, or by their distance from other images.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  sirocco eval --images images --checker                          samples of a model of shapes16",
            "  sirocco eval --images images --against photos.zip --size 32     Fréchet distance"})
final class EvalCommand implements Callable<Integer> {
    @Option(names = "--images", required = true, paramLabel = "DATA", description = "images to score: a folder, a ZIP, or any dataset that train takes")
    String images;

    @Option(names = "--against", paramLabel = "DATA", description = "images to compare with")
    String against;

    @Option(names = "--checker", description = "score as members of the built-in dataset of shapes")
    boolean checker;

    @Option(names = "--num", defaultValue = "10000", paramLabel = "N", description = "images of each set at most; default: ${DEFAULT-VALUE}")
    long num;

    @Option(names = "--size", defaultValue = "0", paramLabel = "N", description = "resize both sets to this; default: the first set's own size")
    int size;

    @Spec
    CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        if (against == null && !checker) {
            throw new IllegalArgumentException("say what to score by: --checker, --against DATA, or both");
        }
        if (num < 1) {
            throw new IllegalArgumentException("--num: expected at least 1, got " + num);
        }
        PrintWriter out = spec.commandLine().getOut();
        try (Dataset given = Datasets.open(images, size, 0)) {
            if (checker) {
                out.println(check(given));
            }
            if (against != null) {
                try (Dataset other = Datasets.open(against, given.height(), given.channels())) {
                    compare(given, other, out);
                }
            }
        }
        out.flush();
        return 0;
    }

    private void compare(Dataset given, Dataset other, PrintWriter out) {
        long n = Math.min(num, Math.min(given.size(), other.size()));
        ImageSet reference = set(other, 0, n);
        out.printf(Locale.ROOT, "Fréchet distance %.4f between %d images of %s and as many of %s%n", FrechetDistance.between(set(given, 0, n), reference), n,
                given.name(), other.name());
        if (other.size() / 2 >= n) {
            out.printf(Locale.ROOT, "for comparison: %.4f between these and another %d of %s%n", FrechetDistance.between(reference, set(other, n, n)), n, other.name());
        }
        out.println("feature: " + FrechetDistance.FEATURE);
    }

    /** {@code count} images spread evenly over those from {@code from} on: files come sorted by class. */
    private static ImageSet set(Dataset data, long from, long count) {
        ImageSet set = new ImageSet(data.height(), data.width(), data.channels());
        byte[] image = new byte[data.imageBytes()];
        boolean endless = data.size() == Dataset.UNLIMITED;
        for (long i = 0; i < count; i++) {
            // Of a finite dataset every (size / count)-th, shifted by one for the second set, so that both have all classes.
            data.read(endless ? from + i : (i * (data.size() / count) + (from == 0 ? 0 : 1)) % data.size(), image, 0);
            set.add(image, 0);
        }
        return set;
    }

    private String check(Dataset given) {
        if (given.height() != given.width() || given.channels() != 3) {
            throw new IllegalArgumentException("--checker: expected square colour images, got " + given.width() + "×" + given.height() + " with "
                    + given.channels() + " channels");
        }
        int count = (int) Math.min(Math.min(num, given.size()), Integer.MAX_VALUE / given.imageBytes());
        byte[] all = new byte[count * given.imageBytes()];
        for (int i = 0; i < count; i++) {
            given.read(i, all, i * given.imageBytes());
        }
        return new Checker(given.height()).score(all, count).describe();
    }
}
