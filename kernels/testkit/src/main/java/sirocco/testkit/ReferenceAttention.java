package sirocco.testkit;

import sirocco.api.Op;

/** Attention with the L×L matrix of each head written out. An image's pixel p of head j has its d numbers at [n, p, j·d …]. */
final class ReferenceAttention {
    private ReferenceAttention() { }

    /** {@link Op.Attention} */
    static void forward(Tensor q, Tensor k, Tensor v, int heads, Tensor y, Tensor logSumExp) {
        int length = q.h() * q.w();
        int d = q.c() / heads;
        y.fill(0);
        for (int n = 0; n < q.n(); n++) {
            for (int head = 0; head < heads; head++) {
                for (int i = 0; i < length; i++) {
                    double[] row = scaledProducts(q, k, n, head, i, d, length);
                    double lse = logSumExp(row);
                    logSumExp.set(n, 0, 0, head * length + i, lse);
                    for (int j = 0; j < length; j++) {
                        double p = Math.exp(row[j] - lse);
                        for (int e = 0; e < d; e++) {
                            y.add(at(y, n, i, head, d) + e, p * v.get(at(v, n, j, head, d) + e));
                        }
                    }
                }
            }
        }
    }

    /**
     * {@link Op.AttentionBackward}, from scratch and not from what the forward pass kept: with P = softmax(S), dP = dy vᵀ, dS = P ∘ (dP −
     * rowsum(P ∘ dP)): dv = Pᵀ dy, dq = dS k / √d, dk = dSᵀ q / √d.
     */
    static void backward(Tensor q, Tensor k, Tensor v, Tensor dy, int heads, Tensor dq, Tensor dk, Tensor dv) {
        int length = q.h() * q.w();
        int d = q.c() / heads;
        double scale = 1 / Math.sqrt(d);
        dq.fill(0);
        dk.fill(0);
        dv.fill(0);
        for (int n = 0; n < q.n(); n++) {
            for (int head = 0; head < heads; head++) {
                for (int i = 0; i < length; i++) {
                    int iAt = at(q, n, i, head, d);
                    double[] p = scaledProducts(q, k, n, head, i, d, length);
                    double lse = logSumExp(p);
                    double[] dP = new double[length];
                    double rowSum = 0;
                    for (int j = 0; j < length; j++) {
                        p[j] = Math.exp(p[j] - lse);
                        for (int e = 0; e < d; e++) {
                            dP[j] += dy.get(iAt + e) * v.get(at(v, n, j, head, d) + e);
                        }
                        rowSum += p[j] * dP[j];
                    }
                    for (int j = 0; j < length; j++) {
                        int jAt = at(k, n, j, head, d);
                        double dS = p[j] * (dP[j] - rowSum) * scale;
                        for (int e = 0; e < d; e++) {
                            dv.add(jAt + e, p[j] * dy.get(iAt + e));
                            dq.add(iAt + e, dS * k.get(jAt + e));
                            dk.add(jAt + e, dS * q.get(iAt + e));
                        }
                    }
                }
            }
        }
    }

    /** Row i of q kᵀ / √d. */
    private static double[] scaledProducts(Tensor q, Tensor k, int n, int head, int i, int d, int length) {
        double[] row = new double[length];
        for (int j = 0; j < length; j++) {
            for (int e = 0; e < d; e++) {
                row[j] += q.get(at(q, n, i, head, d) + e) * k.get(at(k, n, j, head, d) + e);
            }
            row[j] /= Math.sqrt(d);
        }
        return row;
    }

    /** log Σ exp(row), its largest taken out first, so that no exponential overflows. */
    private static double logSumExp(double[] row) {
        double max = Double.NEGATIVE_INFINITY;
        for (double s : row) {
            max = Math.max(max, s);
        }
        double sum = 0;
        for (double s : row) {
            sum += Math.exp(s - max);
        }
        return max + Math.log(sum);
    }

    private static int at(Tensor t, int n, int pixel, int head, int d) {
        return (n * t.h() * t.w() + pixel) * t.c() + head * d;
    }
}
