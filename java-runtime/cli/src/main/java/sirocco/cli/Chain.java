package sirocco.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import sirocco.image.Gif;
import sirocco.image.Picture;
import sirocco.sample.ImageSampler;

/** The frames of chains on their way from noise to image. */
final class Chain {
    /** Longer chains are thinned out to about this many frames; chains of unknown length to at most twice as many. */
    private static final int FRAMES = 50;
    /** Of a frame, in milliseconds; the last one stays longer. */
    private static final int DELAY = 60;
    private static final int LAST_DELAY = 2500;

    private final ImageSampler sampler;
    private final int images;
    private int every;
    private final List<Picture> frames = new ArrayList<>();

    /** @param images how many of the batch, from its first on, are shown */
    Chain(ImageSampler sampler, int images) {
        this.sampler = sampler;
        this.images = images;
        every = Math.max(1, sampler.steps().orElse(0) / FRAMES);
    }

    /** Steps from this frame to the next. */
    int every() {
        return every;
    }

    /** Adds the images as they are now. */
    void add() {
        if (sampler.steps().isEmpty() && frames.size() == 2 * FRAMES) {
            for (int i = FRAMES; i > 0; i--) {
                frames.remove(2 * i - 1);
            }
            every *= 2;
        }
        Contact sheet = new Contact(sampler.shape(), images);
        float[] x = sampler.read();
        for (int i = 0; i < images; i++) {
            sheet.add(x, i);
        }
        frames.add(sheet.grid());
    }

    void write(Path file) throws IOException {
        Gif.write(file, frames, DELAY, LAST_DELAY);
    }
}
