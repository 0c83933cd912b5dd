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

    /** A group for each tile of rows, head and image. */
    private static Launch tiles(String kernel, int[] at, Shape x, int heads, Launch.Enqueue enqueue) {
        return Launch.groups(kernel, at, Launch.ceilDiv(x.h() * x.w(), AttentionTile.WIDTH), heads, x.n(), AttentionTile.ITEMS, enqueue);
    }
}
