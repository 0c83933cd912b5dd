package sirocco.cpu.attention;

/**
 * Attention and its gradients in double precision, as the formulas have it; arrays [n][L][c]. Beside each result stands its magnitude: the same
 * sums with every term's absolute value, which is what rounding errors are relative to.
 */
final class AttentionReference {
    final double[] y;
    final double[] logSumExp;
    final double[] dq;
    final double[] dk;
    final double[] dv;
    double yMagnitude;
    double dqMagnitude;
    double dkMagnitude;
    double dvMagnitude;

    /** @param added to each score of an image: its arguments are image, query and key */
    AttentionReference(int n, int pixels, int channels, int heads, float[] q, float[] k, float[] v, float[] dy, Mask added) {
        int d = channels / heads;
        double scale = 1 / Math.sqrt(d);
        y = new double[q.length];
        logSumExp = new double[n * heads * pixels];
        dq = new double[q.length];
        dk = new double[q.length];
        dv = new double[q.length];
        double[] dkSize = new double[q.length];
        double[] dvSize = new double[q.length];
        for (int task = 0; task < n * heads; task++) {
            int at = task / heads * pixels * channels + task % heads * d;
            for (int i = 0; i < pixels; i++) {
                int row = at + i * channels;
                double[] p = new double[pixels];
                double max = Double.NEGATIVE_INFINITY;
                for (int j = 0; j < pixels; j++) {
                    p[j] = scale * dot(q, row, k, at + j * channels, d) + added.of(task / heads, i, j);
                    max = Math.max(max, p[j]);
                }
                double sum = 0;
                for (int j = 0; j < pixels; j++) {
                    sum += Math.exp(p[j] - max);
                }
                double total = max + Math.log(sum);
                logSumExp[task * pixels + i] = total;
                double[] dp = new double[pixels];
                double big = 0;
                double mean = 0;
                for (int j = 0; j < pixels; j++) {
                    p[j] = Math.exp(p[j] - total);
                    dp[j] = dot(dy, row, v, at + j * channels, d);
                    mean += p[j] * dp[j];
                    big += p[j] * Math.abs(dp[j]);
                }
                for (int c = 0; c < d; c++) {
                    double size = 0;
                    double dqSize = 0;
                    for (int j = 0; j < pixels; j++) {
                        int key = at + j * channels + c;
                        double ds = p[j] * (dp[j] - mean) * scale;
                        double dsSize = p[j] * (Math.abs(dp[j]) + big) * scale;
                        y[row + c] += p[j] * v[key];
                        size += p[j] * Math.abs(v[key]);
                        dq[row + c] += ds * k[key];
                        dqSize += dsSize * Math.abs(k[key]);
                        dk[key] += ds * q[row + c];
                        dkSize[key] += dsSize * Math.abs(q[row + c]);
                        dv[key] += p[j] * dy[row + c];
                        dvSize[key] += p[j] * Math.abs(dy[row + c]);
                    }
                    yMagnitude = Math.max(yMagnitude, size);
                    dqMagnitude = Math.max(dqMagnitude, dqSize);
                }
            }
        }
        for (int i = 0; i < q.length; i++) {
            dkMagnitude = Math.max(dkMagnitude, dkSize[i]);
            dvMagnitude = Math.max(dvMagnitude, dvSize[i]);
        }
    }

    /** What is added to the score of a query and a key of an image. */
    @FunctionalInterface
    interface Mask {
        double of(int image, int query, int key);
    }

    private static double dot(float[] a, int aAt, float[] b, int bAt, int count) {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += (double) a[aAt + i] * b[bAt + i];
        }
        return sum;
    }
}
