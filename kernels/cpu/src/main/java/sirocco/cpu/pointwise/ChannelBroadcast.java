package sirocco.cpu.pointwise;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.Simd.F;
import static sirocco.cpu.Simd.LANES;

import jdk.incubator.vector.FloatVector;
import sirocco.api.BinaryFunction;
import sirocco.cpu.Layout;
import sirocco.cpu.Workers;

/**
 * y = f(x, v), or f(v, x), of blocked x [n,h,w,c] and a number v for each channel, [n,1,1,c] or [1,1,1,c]. f(0, 0) must be 0, since what fills blocks up is
 * computed too: not a division.
 */
public final class ChannelBroadcast implements Workers.Task {
    private final BinaryFunction function;
    private final Layout layoutX;
    private final Layout layoutV;
    private final Layout layoutY;
    private final boolean reversed;
    private final int perItem;
    private final Workers workers;
    private float[] x;
    private float[] v;
    private float[] y;
    private int offsetX;
    private int offsetV;
    private int offsetY;

    /** @param reversed f(v, x) */
    public ChannelBroadcast(BinaryFunction function, Layout x, Layout v, boolean reversed, Layout y, Workers workers) {
        Shapes.same(x, y);
        Shapes.check(x.blocked() && v.blocked() && y.blocked() && v.h() == 1 && v.w() == 1 && v.c() == x.c() && (v.n() == 1 || v.n() == x.n())
                && function != BinaryFunction.DIVIDE, function + " of blocked x and v [n or 1,1,1,c]", x, v);
        this.function = function;
        this.reversed = reversed;
        this.workers = workers;
        layoutX = x;
        layoutV = v;
        layoutY = y;
        perItem = Planes.perItem(x);
    }

    /** y may be x in the same layout. */
    public void run(float[] x, int offsetX, float[] v, int offsetV, float[] y, int offsetY) {
        this.x = x;
        this.v = v;
        this.y = y;
        this.offsetX = offsetX;
        this.offsetV = offsetV;
        this.offsetY = offsetY;
        workers.run((layoutX.n() * layoutX.blocks() + perItem - 1) / perItem, this);
    }

    @Override
    public void run(int item, int worker) {
        int blocks = layoutX.blocks();
        for (int plane = item * perItem; plane < Math.min(layoutX.n() * blocks, (item + 1) * perItem); plane++) {
            int image = plane / blocks;
            int block = plane % blocks;
            Halo.clear(y, offsetY, layoutY, image, block);
            int i = offsetX + layoutX.origin(image, block);
            int j = offsetV + layoutV.origin(layoutV.n() == 1 ? 0 : image, block);
            int k = offsetY + layoutY.origin(image, block);
            for (int row = 0; row < layoutX.h(); row++) {
                row(i + row * layoutX.row(), j, k + row * layoutY.row(), layoutX.w());
            }
        }
    }

    private void row(int i, int j, int k, int pixels) {
        switch (function) {
            case ADD -> affine(x, i, 1f, v, j, 1f, y, k, pixels);
            case SUBTRACT -> affine(x, i, reversed ? -1f : 1f, v, j, reversed ? 1f : -1f, y, k, pixels);
            case MULTIPLY -> multiply(x, i, v, j, y, k, pixels);
            case MINIMUM -> minimum(x, i, v, j, y, k, pixels);
            case MAXIMUM -> maximum(x, i, v, j, y, k, pixels);
            case DIVIDE -> throw new IllegalStateException();
        }
    }

    /** y = a·x + b·v. */
    private static void affine(float[] x, int i, float a, float[] v, int j, float b, float[] y, int k, int pixels) {
        for (int lane = 0; lane < BLOCK; lane += LANES) {
            FloatVector shift = FloatVector.fromArray(F, v, j + lane).mul(b);
            for (int p = lane; p < pixels * BLOCK; p += BLOCK) {
                FloatVector.fromArray(F, x, i + p).fma(FloatVector.broadcast(F, a), shift).intoArray(y, k + p);
            }
        }
    }

    private static void multiply(float[] x, int i, float[] v, int j, float[] y, int k, int pixels) {
        for (int lane = 0; lane < BLOCK; lane += LANES) {
            FloatVector factor = FloatVector.fromArray(F, v, j + lane);
            for (int p = lane; p < pixels * BLOCK; p += BLOCK) {
                FloatVector.fromArray(F, x, i + p).mul(factor).intoArray(y, k + p);
            }
        }
    }

    private static void minimum(float[] x, int i, float[] v, int j, float[] y, int k, int pixels) {
        for (int lane = 0; lane < BLOCK; lane += LANES) {
            FloatVector most = FloatVector.fromArray(F, v, j + lane);
            for (int p = lane; p < pixels * BLOCK; p += BLOCK) {
                FloatVector.fromArray(F, x, i + p).min(most).intoArray(y, k + p);
            }
        }
    }

    private static void maximum(float[] x, int i, float[] v, int j, float[] y, int k, int pixels) {
        for (int lane = 0; lane < BLOCK; lane += LANES) {
            FloatVector least = FloatVector.fromArray(F, v, j + lane);
            for (int p = lane; p < pixels * BLOCK; p += BLOCK) {
                FloatVector.fromArray(F, x, i + p).max(least).intoArray(y, k + p);
            }
        }
    }
}
