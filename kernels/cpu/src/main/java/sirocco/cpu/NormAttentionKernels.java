package sirocco.cpu;

import sirocco.api.Attention;
import sirocco.api.Normalization;
import sirocco.api.Value;
import sirocco.cpu.attention.AttentionBackward;
import sirocco.cpu.attention.AttentionForward;
import sirocco.cpu.norm.GroupNorm;
import sirocco.cpu.norm.GroupNormBackward;
import sirocco.cpu.norm.LayerNorm;
import sirocco.cpu.norm.LayerNormBackward;

/** Makes the kernels of normalisation and attention, forward and backward. */
final class NormAttentionKernels {
    private final Layouts layouts;
    private final Workers workers;

    NormAttentionKernels(Layouts layouts, Workers workers) {
        this.layouts = layouts;
        this.workers = workers;
    }

    Kernel groupNorm(Normalization.GroupNorm op) {
        GroupNorm kernel = new GroupNorm(at(op.x()), at(op.y()), op.groups(), op.eps(), op.silu(), workers);
        return Kernel.of(kernel.scratchFloats(), (m, scratch) -> {
            Slice x = m.at(op.x());
            Slice gamma = m.at(op.gamma());
            Slice beta = m.at(op.beta());
            Slice y = m.at(op.y());
            Slice stats = m.at(op.stats());
            return () -> kernel.run(x.array(), x.offset(), gamma.array(), gamma.offset(), beta.array(), beta.offset(), y.array(), y.offset(),
                    stats.array(), stats.offset(), scratch.array(), scratch.offset());
        });
    }

    Kernel groupNormBackward(Normalization.GroupNormBackward op) {
        GroupNormBackward kernel = new GroupNormBackward(at(op.x()), at(op.dy()), layouts.of(op.addend()), at(op.dx()), op.groups(), op.silu(),
                workers);
        return Kernel.of(kernel.scratchFloats(), (m, scratch) -> {
            Slice x = m.at(op.x());
            Slice stats = m.at(op.stats());
            Slice gamma = m.at(op.gamma());
            Slice beta = m.at(op.beta());
            Slice dy = m.at(op.dy());
            Slice addend = m.atOrNowhere(op.addend());
            Slice dx = m.at(op.dx());
            Slice dGamma = m.at(op.dGamma());
            Slice dBeta = m.at(op.dBeta());
            return () -> kernel.run(x.array(), x.offset(), stats.array(), stats.offset(), gamma.array(), gamma.offset(), beta.array(),
                    beta.offset(), dy.array(), dy.offset(), addend.array(), addend.offset(), dx.array(), dx.offset(), dGamma.array(),
                    dGamma.offset(), dBeta.array(), dBeta.offset(), scratch.array(), scratch.offset());
        });
    }

    Kernel layerNorm(Normalization.LayerNorm op) {
        LayerNorm kernel = new LayerNorm(rows(op.x()), op.x().shape().c(), op.eps(), op.rms(), workers);
        return Kernel.of(m -> {
            Slice x = m.at(op.x());
            Slice gamma = m.at(op.gamma());
            Slice beta = m.at(op.beta());
            Slice y = m.at(op.y());
            Slice stats = m.at(op.stats());
            return () -> kernel.run(x, gamma, beta, y, stats);
        });
    }

    Kernel layerNormBackward(Normalization.LayerNormBackward op) {
        LayerNormBackward kernel = new LayerNormBackward(rows(op.x()), op.x().shape().c(), op.rms(), workers);
        return Kernel.of(kernel.scratchFloats(), (m, scratch) -> {
            Slice x = m.at(op.x());
            Slice stats = m.at(op.stats());
            Slice gamma = m.at(op.gamma());
            Slice dy = m.at(op.dy());
            Slice dx = m.at(op.dx());
            Slice dGamma = m.at(op.dGamma());
            Slice dBeta = m.at(op.dBeta());
            return () -> kernel.run(x, stats, gamma, dy, dx, dGamma, dBeta, scratch);
        });
    }

    private static int rows(Value v) {
        return Math.toIntExact(v.shape().elements() / v.shape().c());
    }

    Kernel attention(Attention.Forward op) {
        AttentionForward kernel = new AttentionForward(at(op.q()), at(op.k()), at(op.v()), at(op.y()), at(op.logSumExp()), op.heads(), op.causal(),
                op.keyMask().isPresent(), workers);
        return Kernel.of(kernel.scratchFloats(), (m, scratch) -> {
            Slice q = m.at(op.q());
            Slice k = m.at(op.k());
            Slice v = m.at(op.v());
            Slice keyMask = m.at(op.keyMask());
            Slice y = m.at(op.y());
            Slice logSumExp = m.at(op.logSumExp());
            return () -> kernel.run(q, k, v, keyMask, y, logSumExp, scratch);
        });
    }

    Kernel attentionBackward(Attention.Backward op) {
        AttentionBackward kernel = new AttentionBackward(at(op.q()), at(op.k()), at(op.v()), at(op.y()), at(op.logSumExp()), at(op.dy()),
                at(op.dq()), at(op.dk()), at(op.dv()), op.heads(), op.causal(), op.keyMask().isPresent(), workers);
        return Kernel.of(kernel.scratchFloats(), (m, scratch) -> {
            Slice q = m.at(op.q());
            Slice k = m.at(op.k());
            Slice v = m.at(op.v());
            Slice keyMask = m.at(op.keyMask());
            Slice y = m.at(op.y());
            Slice logSumExp = m.at(op.logSumExp());
            Slice dy = m.at(op.dy());
            Slice dq = m.at(op.dq());
            Slice dk = m.at(op.dk());
            Slice dv = m.at(op.dv());
            return () -> kernel.run(q, k, v, keyMask, y, logSumExp, dy, dq, dk, dv, scratch);
        });
    }

    private Layout at(Value v) {
        return layouts.of(v);
    }
}
