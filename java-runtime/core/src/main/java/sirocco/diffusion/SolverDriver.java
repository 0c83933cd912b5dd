package sirocco.diffusion;

import java.util.Optional;

/**
 * A host-driven solver: the host decides for each image, from an error that the device measures, at which noise level the network is evaluated next. The
 * arithmetic is that of a {@link SolverProgram}, with a row for each image that the host writes before each evaluation. Registers are R_0 … R_{m−1}; R_0 is x:
 * <pre>
 *   y   = Σ_j point[j]·R_j
 *   out = model(inputScale · y, t)
 *   (R, e, w) ← next · (R, y, out)
 *   error = √mean((e / (atol + rtol·max(|R_0|, |w|)))²),   R_0 before the evaluation, the mean over the elements of the image
 * </pre>
 * After that a {@link Course} may change the registers, R ← change · R. A chain starts from R_0 = start·(standard normal) and all other registers 0. The image is R_0
 * when its course is done. Each image has its own course, so that image i of a seed does not depend on its batch.
 */
public non-sealed interface SolverDriver extends SamplingMethod {
    /** Registers, y and out are inputs of one combination. */
    int MOST_REGISTERS = 6;

    /** Returns m, 1 to {@value #MOST_REGISTERS}. */
    int registers();

    /** Returns the relative tolerance, above 0. */
    double rtol();

    /** Returns the absolute tolerance, above 0. */
    double atol();

    /**
     * Begins an image.
     *
     * @param image number of the image, for messages
     * @param size √mean((x / (atol + rtol·|x|))²) of its start
     */
    Course begin(long image, double size);

    /** The way of one image from noise to the end. */
    interface Course {
        /** Returns whether the image is finished. */
        boolean done();

        /** Returns the next evaluation. Not called when the image is finished. */
        Row next();

        /**
         * Receives the error of the evaluation that {@link #next} returned.
         *
         * @param error NaN or the error if the row is not measured
         * @return a change of the registers, [m][m], if any
         * @throws IllegalStateException if the image cannot be finished: the error is not a number, or a limit is exceeded
         */
        Optional<double[][]> evaluated(double error);

        /** Returns how many evaluations were made. */
        int evaluations();
    }

    /**
     * One evaluation of the network for one image.
     *
     * @param point [m]
     * @param next [m + 2][m + 2]; rows m and m + 1 are e and w
     * @param measured whether the course reads the error
     */
    record Row(Evaluation at, double[] point, double[][] next, boolean measured) implements Evaluation {
        @Override
        public Level level() {
            return at.level();
        }

        @Override
        public double kx() {
            return at.kx();
        }

        @Override
        public double ko() {
            return at.ko();
        }
    }
}
