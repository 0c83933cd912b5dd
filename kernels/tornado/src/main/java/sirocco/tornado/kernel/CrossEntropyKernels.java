package sirocco.tornado.kernel;

import java.util.List;
import sirocco.api.Loss;
import sirocco.gpu.FaultMessages;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The cross-entropy of logits [tokens, classes] and its gradient. */
final class CrossEntropyKernels {
    private static final int GROUP = 128;
    /** Work items that share a token. */
    private static final int LANES = 32;
    private static final int TOKENS = GROUP / LANES;

    private CrossEntropyKernels() { }

    static Kernel of(Loss.CrossEntropy op) {
        int tokens = (int) op.labels().shape().elements();
        int classes = op.logits().shape().c();
        return Kernel.of(p -> List.of(
                launch("crossEntropy", new int[] {p.at(op.logits()), p.at(op.labels()), p.scratch(), p.fault(), p.faultCode()}, tokens, classes, 0),
                Sums.mean("crossEntropyMean", new int[] {p.scratch(), p.at(op.loss())}, tokens, tokens)))
                .withScratch(tokens).withFault(FaultMessages.labelOutside(classes));
    }

    static Kernel of(Loss.CrossEntropyBackward op) {
        int tokens = (int) op.labels().shape().elements();
        int classes = op.logits().shape().c();
        return Kernel.of(p -> List.of(launch("crossEntropyBackward", new int[] {p.at(op.logits()), p.at(op.labels()), p.at(op.dLogits()), p.fault(),
                p.faultCode()}, tokens, classes, 1))).withFault(FaultMessages.labelOutside(classes));
    }

    private static Launch launch(String kernel, int[] at, int tokens, int classes, int backward) {
        return Launch.groups(kernel, at, Launch.ceilDiv(tokens, TOKENS), 1, 1, GROUP,
                (g, id, c, m, w, places) -> g.task(id, CrossEntropyKernels::tokens, c, m, w, places, tokens, classes, backward));
    }

    /**
     * Group x has 4 tokens; 32 items share the classes of each, which are read twice, or three times for the gradient, from the cache but for the first. Local
     * memory 512 bytes. A label that is no class is reported, and counts as class 0.
     *
     * <p>at: logits, labels, losses of tokens or dLogits, fault, code
     */
    static void tokens(KernelContext c, FloatArray m, IntArray w, IntArray at, int tokens, int classes, int backward) {
        float[] terms = c.allocateFloatLocalArray(GROUP);
        int item = c.localIdx;
        int lane = item % LANES;
        int token = Math.min(c.groupIdx * TOKENS + item / LANES, tokens - 1);
        boolean own = c.groupIdx * TOKENS + item / LANES < tokens;
        int from = at.get(0) + token * classes;
        int to = at.get(2);

        float largest = m.get(from + Math.min(lane, classes - 1));
        for (int e = lane; e < classes; e += LANES) {
            largest = Functions.larger(largest, m.get(from + e));
        }
        terms[item] = largest;
        for (int half = LANES / 2; half > 0; half = half / 2) {
            c.localBarrier();
            if (lane < half) {
                terms[item] = Functions.larger(terms[item], terms[item + half]);
            }
        }
        c.localBarrier();
        largest = terms[item - lane];
        c.localBarrier(); // everyone has read it
        float sum = 0;
        for (int e = lane; e < classes; e += LANES) {
            sum += TornadoMath.exp(m.get(from + e) - largest);
        }
        terms[item] = sum;
        for (int half = LANES / 2; half > 0; half = half / 2) {
            c.localBarrier();
            if (lane < half) {
                terms[item] = terms[item] + terms[item + half];
            }
        }
        c.localBarrier();
        float logSumExp = largest + TornadoMath.log(terms[item - lane]);

        int label = w.get(at.get(1) + token);
        if (label < 0 || label >= classes) {
            if (lane == 0) {
                Faults.report(w, at.get(3), at.get(4), label);
            }
            label = 0;
        }
        if (backward == 1) {
            if (own) {
                for (int e = lane; e < classes; e += LANES) {
                    float share = TornadoMath.exp(m.get(from + e) - logSumExp);
                    m.set(to + token * classes + e, (e == label ? share - 1 : share) / tokens);
                }
            }
        } else {
            if (own & lane == 0) {
                m.set(to + token, logSumExp - m.get(from + label));
            }
        }
    }
}
