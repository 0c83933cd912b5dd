package sirocco.cpu.noise;

import sirocco.api.Philox;
import sirocco.api.Shape;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/** x0 = pixel/127.5 − 1 of images of 8 bits, each mirrored left to right if it is to be and its draw says so. Dense. */
public final class ImagePixels implements Workers.Task {
    private static final float SCALE = (float) (1 / 127.5);
    /** Pixels' numbers of an item. */
    private static final int ITEM = 16384;

    private final Shape shape;
    private final boolean flip;
    private final int rows;
    private final int perItem;
    private final int[] block = new int[4];
    private final boolean[] mirrored;
    private final Workers workers;
    private byte[] images;
    private Slice x0;

    /** @param flip whether images are mirrored at random */
    public ImagePixels(Shape shape, boolean flip, Workers workers) {
        this.shape = shape;
        this.flip = flip;
        this.workers = workers;
        rows = shape.n() * shape.h();
        perItem = Math.max(1, ITEM / (shape.w() * shape.c()));
        mirrored = new boolean[shape.n()];
    }

    /**
     * @param images [n,h,w,c] unsigned bytes
     * @param rng seed low, seed high, step
     * @param index sample index of each image
     */
    public void run(byte[] images, int[] rng, int[] index, Slice x0) {
        this.images = images;
        this.x0 = x0;
        for (int n = 0; flip && n < mirrored.length; n++) {
            Philox.block((long) rng[1] << 32 | rng[0] & 0xFFFFFFFFL, 0, index[n], rng[2], Philox.TRAIN, block);
            mirrored[n] = (block[1] & 1) != 0;
        }
        workers.run((rows + perItem - 1) / perItem, this);
    }

    @Override
    public void run(int item, int worker) {
        int w = shape.w();
        int c = shape.c();
        for (int row = item * perItem; row < Math.min(rows, (item + 1) * perItem); row++) {
            int from = row * w * c;
            int to = x0.offset() + from;
            if (!mirrored[row / shape.h()]) {
                decode(images, from, x0.array(), to, w * c);
            } else {
                for (int p = 0; p < w; p++) {
                    decode(images, from + (w - 1 - p) * c, x0.array(), to + p * c, c);
                }
            }
        }
    }

    private static void decode(byte[] from, int at, float[] to, int target, int n) {
        for (int i = 0; i < n; i++) {
            to[target + i] = Math.fma(from[at + i] & 255, SCALE, -1f);
        }
    }
}
