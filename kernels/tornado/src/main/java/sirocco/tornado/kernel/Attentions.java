package sirocco.tornado.kernel;

import java.util.List;
import sirocco.api.Op;
import sirocco.api.Shape;

/** Launches of attention and its gradients. */
final class Attentions {
    private Attentions() { }

    static Kernel of(Op.Attention op) {
        Shape x = op.q().shape();
        int length = x.h() * x.w();
        int heads = op.heads();
        return Kernel.of(p -> List.of(tiles("attention", new int[] {p.at(op.q()), p.at(op.k()), p.at(op.v()), p.at(op.y()), p.at(op.logSumExp())}, x, heads,
                (g, id, c, m, at) -> g.task(id, AttentionKernels::forward, c, m, at, length, x.c(), heads))));
    }

    static Kernel of(Op.AttentionBackward op) {
        Shape x = op.q().shape();
        int length = x.h() * x.w();
        int heads = op.heads();
        int rows = x.n() * heads * length;
        return Kernel.of(p -> {
            int q = p.at(op.q());
            int k = p.at(op.k());
            int v = p.at(op.v());
            int dy = p.at(op.dy());
            int logSumExp = p.at(op.logSumExp());
            int rowSums = p.scratch();
            return List.of(
                    Launch.groups("attentionRowSums", new int[] {p.at(op.y()), dy, rowSums}, Launch.ceilDiv(rows, AttentionBackwardKernels.ROWS), 1, 1,
                            AttentionTile.ITEMS, (g, id, c, m, at) -> g.task(id, AttentionBackwardKernels::rowSums, c, m, at, rows, length, x.c(), heads)),
                    gradient(AttentionBackwardKernels.QUERIES, new int[] {q, k, dy, v, k, logSumExp, rowSums, p.at(op.dq())}, x, heads),
                    gradient(AttentionBackwardKernels.KEYS, new int[] {k, q, v, dy, q, logSumExp, rowSums, p.at(op.dk())}, x, heads),
                    gradient(AttentionBackwardKernels.VALUES, new int[] {k, q, v, dy, dy, logSumExp, rowSums, p.at(op.dv())}, x, heads));
        }).withScratch(rows);
    }

    private static Launch gradient(int pass, int[] at, Shape x, int heads) {
        int length = x.h() * x.w();
        return tiles("attentionBackward", at, x, heads,
                (g, id, c, m, places) -> g.task(id, AttentionBackwardKernels::gradient, c, m, places, pass, length, x.c(), heads));
    }

    /** A group for each tile of rows, head and image. */
    private static Launch tiles(String kernel, int[] at, Shape x, int heads, Launch.Enqueue enqueue) {
        return Launch.groups(kernel, at, Launch.ceilDiv(x.h() * x.w(), AttentionTile.WIDTH), heads, x.n(), AttentionTile.ITEMS, enqueue);
    }
}
