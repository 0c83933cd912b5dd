package sirocco.cpu.conv;

import static sirocco.cpu.Layout.BLOCK;
import static sirocco.cpu.conv.Gemm.PANEL;
import static sirocco.cpu.conv.Gemm.PANEL_BLOCK;
import static sirocco.cpu.conv.Taps.ceilDiv;

import java.util.Arrays;
import sirocco.cpu.Alignment;
import sirocco.cpu.Layout;
import sirocco.cpu.Slice;
import sirocco.cpu.Workers;

/**
 * dw[k][r][s][c] += Σ dy[n,y,x,k] · x[n, y·stride + r − padTop, x·stride + s − padLeft, c] as sums of outer products of pixels. Any
 * kernel size, stride and padding.
 *
 * <p>An item is 16 output channels × 32 input channels, of all taps or of one; it goes through the images in order, so its sums do not
 * depend on who runs it.
 */
final class GemmWeightsGradient implements WeightsGradientKernel, Workers.Task {
    /** Below this many items, the taps of a kernel become items of their own. */
    private static final int FEW_ITEMS = 16;

    private final Workers workers;
    private final ConvShape shape;
    private final PaddedInput x;
    private final PaddedInput dy;
    private final int panels;
    private final int tapsOfItem;
    private Slice dw;
    private float[] tiles;
    private int own;

    GemmWeightsGradient(ConvShape given, Layout xLayout, Layout dyLayout, Workers workers) {
        this.workers = workers;
        View in = View.of(xLayout);
        View out = View.of(dyLayout);
        ConvShape s = given;
        if (s.r() * s.s() * s.h() * s.w() == 1 && s.outH() * s.outW() == 1) {
            in = in.batchAsRow();
            out = out.batchAsRow();
            s = new ConvShape(1, 1, s.n(), s.c(), s.k(), 1, 1, 1, 0, 0, 0, 0);
        } else if (s.r() * s.s() * s.stride() == 1 && s.h() == s.outH() && s.w() == s.outW() && in.rowsAdjoin() && out.rowsAdjoin()) {
            in = in.rowsJoined();
            out = out.rowsJoined();
            s = new ConvShape(s.n(), 1, s.h() * s.w(), s.c(), s.k(), 1, 1, 1, 0, 0, 0, 0);
        }
        shape = s;
        x = new PaddedInput(in, xLayout.halo(), s.padTop(), s.padLeft(), (s.outH() - 1) * s.stride() + s.r(),
                (s.outW() - 1) * s.stride() + s.s(), s.stride());
        dy = new PaddedInput(out, dyLayout.halo(), 0, 0, s.outH(), s.outW(), 1);
        panels = ceilDiv(s.c(), PANEL);
        tapsOfItem = ceilDiv(s.k(), BLOCK) * panels < FEW_ITEMS ? 1 : s.r() * s.s();
    }

    private int tapItems() {
        return shape.r() * shape.s() / tapsOfItem;
    }

    @Override
    public long scratchFloats() {
        return Alignment.SLACK + x.scratchFloats() + dy.scratchFloats() + (long) workers.threads() * tapsOfItem * PANEL_BLOCK;
    }

    @Override
    public void run(Slice xAt, Slice dyAt, Slice dw, Slice scratch) {
        this.dw = dw;
        own = Alignment.up(scratch.offset());
        int next = own + workers.threads() * tapsOfItem * PANEL_BLOCK;
        tiles = scratch.array();
        x.bind(xAt.array(), xAt.offset(), scratch.array(), next, workers);
        dy.bind(dyAt.array(), dyAt.offset(), scratch.array(), next + (int) x.scratchFloats(), workers);
        workers.run(ceilDiv(shape.k(), BLOCK) * panels * tapItems(), this);
    }

    @Override
    public void run(int item, int worker) {
        int firstTap = item % tapItems() * tapsOfItem;
        int panel = item / tapItems() % panels;
        int block = item / tapItems() / panels;
        int tile = own + worker * tapsOfItem * PANEL_BLOCK;
        boolean both = (2 * panel + 1) * BLOCK < shape.c();
        Arrays.fill(tiles, tile, tile + tapsOfItem * PANEL_BLOCK, 0f);
        for (int n = 0; n < shape.n(); n++) {
            for (int t = 0; t < tapsOfItem; t++) {
                int tap = x.tap((firstTap + t) / shape.s(), (firstTap + t) % shape.s());
                Gemm.outer(dy.array(), dy.origin(n, block), dy.rowStep(), x.array(), x.origin(n, 2 * panel) + tap, x.rowStep(), x.plane(),
                        shape.outH(), shape.outW(), tiles, tile + t * PANEL_BLOCK, PANEL, both);
            }
        }
        for (int t = 0; t < tapsOfItem; t++) {
            accumulate(tile + t * PANEL_BLOCK, block, firstTap + t, panel);
        }
    }

    /** Adds a tile to dw, without the channels that only fill up blocks. */
    private void accumulate(int tile, int block, int tap, int panel) {
        int ks = Math.min(BLOCK, shape.k() - block * BLOCK);
        int cs = Math.min(PANEL, shape.c() - panel * PANEL);
        float[] a = tiles;
        float[] w = dw.array();
        for (int k = 0; k < ks; k++) {
            int to = dw.offset() + ((block * BLOCK + k) * shape.r() * shape.s() + tap) * shape.c() + panel * PANEL;
            int from = tile + k * PANEL;
            for (int c = 0; c < cs; c++) {
                w[to + c] += a[from + c];
            }
        }
    }

    @Override
    public String toString() {
        return "sums of outer products";
    }
}
