package sirocco.cpu.pointwise;

import sirocco.cpu.Layout;
import sirocco.cpu.Workers;

/**
 * Sinusoidal embedding of timesteps (Ho et al., 2020, after Vaswani et al., 2017), with the options of diffusers' {@code UNet2DModel}: with
 * half = dim / 2 and f_i = maxPeriod^(−i / (half − freqShift)), the embedding of t is [sin(t f_0) …, cos(t f_0) …], cosines first if
 * flipped, a zero at the end if dim is odd. Arguments are computed in double.
 */
public final class TimeEmbedding implements Workers.Task {
    /** Sines and cosines that make an item worth its while. */
    private static final int ITEM = 1024;

    private final Workers workers;
    private final Layout layout;
    private final boolean flipSinToCos;
    private final double[] frequencies;
    private final int perItem;
    private float[] t;
    private float[] y;
    private int offsetT;
    private int offsetY;

    /**
     * @param y [n,1,1,dim]
     * @param flipSinToCos cosines before sines
     * @param freqShift as diffusers' {@code freq_shift}: 1 in the paper's model, 0 in later ones; not dim / 2
     * @param maxPeriod 10000 in all of these models
     */
    public TimeEmbedding(Layout y, boolean flipSinToCos, double freqShift, double maxPeriod, Workers workers) {
        Shapes.check(y.h() == 1 && y.w() == 1, "time embedding into y [n,1,1,dim]", y);
        int half = y.c() / 2;
        if (half > 0 && half == freqShift) {
            throw new IllegalArgumentException("time embedding of " + y.c() + " channels: freqShift must not be half of them, got " + freqShift);
        }
        this.workers = workers;
        this.flipSinToCos = flipSinToCos;
        layout = y;
        frequencies = new double[half];
        for (int i = 0; i < half; i++) {
            frequencies[i] = Math.exp(-Math.log(maxPeriod) * i / (half - freqShift));
        }
        perItem = Math.max(1, ITEM / y.c());
    }

    /** @param t [n,1,1,1] timesteps; need not be integers */
    public void run(float[] t, int offsetT, float[] y, int offsetY) {
        this.t = t;
        this.y = y;
        this.offsetT = offsetT;
        this.offsetY = offsetY;
        workers.run((layout.n() + perItem - 1) / perItem, this);
    }

    @Override
    public void run(int item, int worker) {
        int half = frequencies.length;
        int sines = flipSinToCos ? half : 0;
        for (int image = item * perItem; image < Math.min(layout.n(), (item + 1) * perItem); image++) {
            Halo.clear(y, offsetY, layout, image);
            double time = t[offsetT + image];
            for (int i = 0; i < half; i++) {
                double argument = time * frequencies[i];
                y[offsetY + layout.index(image, 0, 0, sines + i)] = (float) Math.sin(argument);
                y[offsetY + layout.index(image, 0, 0, half - sines + i)] = (float) Math.cos(argument);
            }
            int end = layout.blocked() ? layout.blocks() * Layout.BLOCK : layout.c();
            for (int c = 2 * half; c < end; c++) {
                y[offsetY + layout.index(image, 0, 0, c)] = 0f;
            }
        }
    }
}
