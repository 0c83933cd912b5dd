package sirocco.tornado.kernel;

import java.util.List;
import sirocco.api.Attention;
import sirocco.api.Settings.Precision;
import sirocco.api.Shape;

/** Launches of attention and its gradients: in bf16 {@link TensorAttention}'s, otherwise {@link AttentionKernels}' and {@link AttentionBackwardKernels}'. */
final class Attentions {
    private Attentions() { }

    static Kernel of(Attention.Forward op, Precision precision) {
        Shape x = op.q().shape();
        int length = x.h() * x.w();
        int heads = op.heads();
        if (precision == Precision.BF16) {
            return Kernel.of(p -> {
                int q = p.at(op.q());
                int k = p.at(op.k());
                int logSumExp = p.at(op.logSumExp());
                return List.of(
                        tensor("attentionLogSumExpBf16", TensorAttention.LOG_SUM_EXP, new int[] {q, k, -1, -1, -1, logSumExp, -1, -1}, x, heads),
                        tensor("attentionBf16", TensorAttention.OUTPUT, new int[] {q, k, -1, -1, p.at(op.v()), logSumExp, -1, p.at(op.y())}, x, heads));
            }).withAlgorithm(GemmTile.TENSOR.label());
        }
        return Kernel.of(p -> List.of(tiles("attention", new int[] {p.at(op.q()), p.at(op.k()), p.at(op.v()), p.at(op.y()), p.at(op.logSumExp())}, x, heads, 1,
                (g, id, c, m, at) -> g.task(id, AttentionKernels::forward, c, m, at, length, x.c(), heads))));
    }

    static Kernel of(Attention.Backward op, Precision precision) {
        Shape x = op.q().shape();
        int length = x.h() * x.w();
        int heads = op.heads();
        int rows = x.n() * heads * length;
        boolean tensor = precision == Precision.BF16;
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
                    gradient(tensor, AttentionBackwardKernels.QUERIES, new int[] {q, k, dy, v, k, logSumExp, rowSums, p.at(op.dq())}, x, heads),
                    gradient(tensor, AttentionBackwardKernels.KEYS, new int[] {k, q, v, dy, q, logSumExp, rowSums, p.at(op.dk())}, x, heads),
                    gradient(tensor, AttentionBackwardKernels.VALUES, new int[] {k, q, v, dy, dy, logSumExp, rowSums, p.at(op.dv())}, x, heads));
        }).withScratch(rows).withAlgorithm(tensor ? GemmTile.TENSOR.label() : "");
    }

    private static Launch gradient(boolean tensor, int pass, int[] at, Shape x, int heads) {
        if (tensor) {
            return tensor("attentionBackwardBf16", pass, at, x, heads);
        }
        int length = x.h() * x.w();
        return tiles("attentionBackward", at, x, heads, 1,
                (g, id, c, m, places) -> g.task(id, AttentionBackwardKernels::gradient, c, m, places, pass, length, x.c(), heads));
    }

    private static Launch tensor(String kernel, int pass, int[] at, Shape x, int heads) {
        int length = x.h() * x.w();
        long parts = pass == TensorAttention.LOG_SUM_EXP ? 1 : Launch.ceilDiv(x.c() / heads, TensorAttention.CHANNELS);
        return tiles(kernel, at, x, heads, parts, (g, id, c, m, places) -> g.task(id, TensorAttention::product, c, m, places, pass, length, x.c(), heads));
    }

    /** A group for each tile of rows, head and image, and each part of the head's channels. */
    private static Launch tiles(String kernel, int[] at, Shape x, int heads, long parts, Launch.Enqueue enqueue) {
        return Launch.groups(kernel, at, parts * Launch.ceilDiv(x.h() * x.w(), AttentionTile.WIDTH), heads, x.n(), AttentionTile.ITEMS, enqueue);
    }
}
