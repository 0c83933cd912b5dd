package sirocco.tornado.kernel;

import java.util.List;
import sirocco.api.Normalization;
import sirocco.api.Shape;

/** Launches of group normalisation and its gradients. */
final class GroupNorms {
    private GroupNorms() { }

    static Kernel of(Normalization.GroupNorm op) {
        Shape x = op.x().shape();
        int pixels = x.h() * x.w();
        int groups = op.groups();
        float eps = op.eps();
        int silu = op.silu() ? 1 : 0;
        GroupSlab slab = GroupSlab.of(x.n(), pixels, x.c(), groups);
        return Kernel.of(p -> List.of(
                launch("groupNormMeasure", new int[] {p.at(op.x()), p.scratch()}, slab, x,
                        (g, id, c, m, at) -> g.task(id, GroupNormKernels::measure, c, m, at, pixels, x.c(), groups, slab.groups(), slab.piece())),
                launch("groupNormApply", new int[] {p.at(op.x()), p.at(op.gamma()), p.at(op.beta()), p.scratch(), p.at(op.y()), p.at(op.stats())}, slab, x,
                        (g, id, c, m, at) -> g.task(id, GroupNormKernels::apply, c, m, at, pixels, x.c(), groups, slab.groups(), slab.piece(), eps, silu))))
                .withScratch(2L * x.n() * slab.pieces() * groups);
    }

    static Kernel of(Normalization.GroupNormBackward op) {
        Shape x = op.x().shape();
        int pixels = x.h() * x.w();
        int groups = op.groups();
        int silu = op.silu() ? 1 : 0;
        GroupSlab slab = GroupSlab.of(x.n(), pixels, x.c(), groups);
        int count = x.n() * slab.pieces();
        return Kernel.of(p -> List.of(
                launch("groupNormSums", new int[] {p.at(op.x()), p.at(op.stats()), p.at(op.gamma()), p.at(op.beta()), p.at(op.dy()), p.scratch()}, slab, x,
                        (g, id, c, m, at) -> g.task(id, GroupNormBackwardKernels::sums, c, m, at, pixels, x.c(), groups, slab.groups(), slab.piece(), silu)),
                Launch.groups("groupNormParameters", new int[] {p.scratch(), p.at(op.dGamma()), p.at(op.dBeta())},
                        Launch.ceilDiv(x.c(), GroupNormBackwardKernels.CHANNELS), 1, 1, GroupSlab.ITEMS,
                        (g, id, c, m, at) -> g.task(id, GroupNormBackwardKernels::parameters, c, m, at, x.c(), count)),
                launch("groupNormBackward", new int[] {p.at(op.x()), p.at(op.stats()), p.at(op.gamma()), p.at(op.beta()), p.at(op.dy()), p.scratch(),
                        p.at(op.addend()), p.at(op.dx())}, slab, x,
                        (g, id, c, m, at) -> g.task(id, GroupNormBackwardKernels::apply, c, m, at, pixels, x.c(), groups, slab.groups(), slab.piece(), silu))))
                .withScratch(2L * count * x.c());
    }

    private static Launch launch(String kernel, int[] at, GroupSlab slab, Shape x, Launch.Enqueue enqueue) {
        return Launch.groups(kernel, at, slab.slabs(), slab.pieces(), x.n(), GroupSlab.ITEMS, enqueue);
    }
}
