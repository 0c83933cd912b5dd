package sirocco.testkit;

import java.util.Optional;
import sirocco.api.Op;
import sirocco.api.Philox;
import sirocco.api.Step;

/** What diffusion adds to a network: the forward process, the loss, and a step of sampling. */
final class ReferenceDiffusion {
    private ReferenceDiffusion() { }

    /** {@link Op.GatherImages} */
    static void gatherImages(Step step, Tensor dataset, Tensor ids, Tensor images) {
        int each = (int) images.shape().imageElements();
        for (int n = 0; n < images.n(); n++) {
            int id = ids.integer(n);
            if (id < 0 || id >= dataset.n()) {
                throw new IllegalArgumentException(step + ": id " + id + " of image " + n + " is not in the dataset, expected 0 to " + (dataset.n() - 1));
            }
            for (int e = 0; e < each; e++) {
                images.set(n * each + e, dataset.get(id * each + e));
            }
        }
    }

    /** {@link Op.Noising} */
    static void noising(Tensor images, Tensor schedule, Tensor rng, Tensor index, boolean flip, Tensor xt, Tensor target, Tensor t, Tensor weight) {
        Noise noise = new Noise(rng, index);
        int elements = (int) images.shape().imageElements();
        for (int n = 0; n < images.n(); n++) {
            int timestep = Philox.timestep(noise.seed(), noise.sample(n), noise.step(), schedule.n());
            boolean mirrored = flip && Philox.flip(noise.seed(), noise.sample(n), noise.step());
            float[] epsilon = noise.normals(n, noise.step(), Philox.NOISE, elements);
            double a = schedule.get(timestep, 0, 0, 0);
            double s = schedule.get(timestep, 0, 0, 1);
            double e = schedule.get(timestep, 0, 0, 2);
            double d = schedule.get(timestep, 0, 0, 3);
            t.set(n, timestep);
            weight.set(n, schedule.get(timestep, 0, 0, 4));
            for (int h = 0; h < images.h(); h++) {
                for (int w = 0; w < images.w(); w++) {
                    for (int c = 0; c < images.c(); c++) {
                        double x0 = images.get(n, h, mirrored ? images.w() - 1 - w : w, c) / 127.5 - 1;
                        double z = epsilon[images.at(0, h, w, c)];
                        xt.set(n, h, w, c, a * x0 + s * z);
                        target.set(n, h, w, c, e * z + d * x0);
                    }
                }
            }
        }
    }

    /** {@link Op.MseLoss} */
    static void mseLoss(Tensor prediction, Tensor target, Optional<Tensor> weight, Tensor loss) {
        double sum = 0;
        for (int i = 0; i < prediction.size(); i++) {
            double difference = prediction.get(i) - target.get(i);
            sum += weightOf(weight, prediction, i) * difference * difference;
        }
        loss.set(0, sum / prediction.size());
    }

    /** {@link Op.MseLossBackward} */
    static void mseLossBackward(Tensor prediction, Tensor target, Optional<Tensor> weight, Tensor dPrediction) {
        for (int i = 0; i < prediction.size(); i++) {
            dPrediction.set(i, 2 * weightOf(weight, prediction, i) * (prediction.get(i) - target.get(i)) / prediction.size());
        }
    }

    private static double weightOf(Optional<Tensor> weight, Tensor x, int i) {
        return weight.isPresent() ? weight.get().get(i / (x.h() * x.w() * x.c())) : 1;
    }

    /** {@link Op.ChainTimestep} */
    static void chainTimestep(Step step, Tensor table, Tensor cursor, Tensor t) {
        t.fill(table.get(row(step, table, cursor), 0, 0, 0));
    }

    /** {@link Op.Guidance} */
    static void guidance(Tensor x, Tensor scale, Tensor y) {
        for (int i = 0; i < y.size(); i++) {
            double conditional = x.get(i);
            double unconditional = x.get(y.size() + i);
            y.set(i, unconditional + scale.get(0) * (conditional - unconditional));
        }
    }

    /** {@link Op.SamplingStep} */
    static void samplingStep(Step step, Tensor out, Tensor table, Tensor rng, Tensor index, Tensor x, Optional<Tensor> h1, Optional<Tensor> h2,
                             Tensor cursor) {
        int row = row(step, table, cursor);
        double kx = table.get(row, 0, 0, 1);
        double ko = table.get(row, 0, 0, 2);
        double clip = table.get(row, 0, 0, 3);
        double cx = table.get(row, 0, 0, 4);
        double c0 = table.get(row, 0, 0, 5);
        double co = table.get(row, 0, 0, 6);
        double c1 = table.get(row, 0, 0, 7);
        double c2 = table.get(row, 0, 0, 8);
        double sigma = table.get(row, 0, 0, 9);
        Noise noise = new Noise(rng, index);
        int elements = (int) x.shape().imageElements();
        for (int n = 0; n < x.n(); n++) {
            float[] z = noise.normals(n, row, Philox.SAMPLING, elements);
            for (int e = 0; e < elements; e++) {
                int i = n * elements + e;
                double x0 = Math.max(-clip, Math.min(clip, kx * x.get(i) + ko * out.get(i)));
                double next = cx * x.get(i) + c0 * x0 + co * out.get(i) + sigma * z[e];
                if (h1.isPresent() && h2.isPresent()) {
                    next += c1 * h1.get().get(i) + c2 * h2.get().get(i);
                    h2.get().set(i, h1.get().get(i));
                    h1.get().set(i, x0);
                }
                x.set(i, next);
            }
        }
        cursor.set(0, row + 1);
    }

    private static int row(Step step, Tensor table, Tensor cursor) {
        int row = cursor.integer(0);
        if (row < 0 || row >= table.n()) {
            throw new IllegalStateException(step + ": the cursor is " + row + ", but the table has rows 0 to " + (table.n() - 1));
        }
        return row;
    }
}
