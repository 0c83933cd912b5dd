package sirocco.image;

import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.EigenDecomposition_F64;

/**
 * How far two sets of images are apart: the Fréchet distance (Dowson and Landau, 1982) between the Gaussians that have the mean and
 * covariance of a feature over each set,
 *
 * <pre>d² = |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2·(Σ₁Σ₂)^½).</pre>
 *
 * FID is the same formula on a neural network's activations. <b>This is not FID</b> and its numbers compare with no published ones: the
 * feature is {@link #FEATURE}, and only numbers of this feature, of images of one size and of sets of like numbers of images compare
 * with each other. Two samples of one and the same source are apart by about dimensions/count of their variance; so quote the
 * distance between two real sets beside that of the samples.
 */
public final class FrechetDistance {
    /** What to write beside every number. */
    public static final String FEATURE = "cell-statistics-224 (4x4 cells: mean and deviation of RGB, 8 edge directions; not FID)";

    private FrechetDistance() {}

    /**
     * d², at least 0; 0 for equal sets.
     *
     * <p>A covariance of fewer images than dimensions is singular and says little about most directions. Where the smaller set has
     * n &lt; 224 images, both covariances keep their variances, and their other entries are multiplied by n/224 (shrinkage towards the
     * diagonal, equal for both so that it does not itself tell them apart).
     *
     * @throws IllegalArgumentException where the sets differ in image size or one has fewer than two images
     */
    public static double between(ImageSet a, ImageSet b) {
        if (!a.shape().equals(b.shape())) {
            throw new IllegalArgumentException("fréchet distance: images of " + a.shape() + " and " + b.shape()
                    + " (height, width, channels) do not compare; resize one set");
        }
        long fewest = Math.min(a.count(), b.count());
        if (fewest < 2) {
            throw new IllegalArgumentException("fréchet distance: expected at least 2 images in each set, got " + a.count() + " and " + b.count());
        }
        double keep = Math.min(1, (double) fewest / CellStatistics.SIZE);
        return between(a.mean(), shrunk(a.covariance(), keep), b.mean(), shrunk(b.covariance(), keep));
    }

    /** The formula alone: means [n], covariances [n][n], symmetric and positive semidefinite. */
    static double between(double[] meanA, double[][] covarianceA, double[] meanB, double[][] covarianceB) {
        double distance = 0;
        for (int i = 0; i < meanA.length; i++) {
            distance += (meanA[i] - meanB[i]) * (meanA[i] - meanB[i]) + covarianceA[i][i] + covarianceB[i][i];
        }
        // Σ₁Σ₂ has the eigenvalues of the symmetric Σ₁^½ Σ₂ Σ₁^½, and those of its root are their roots.
        DMatrixRMaj root = squareRoot(new DMatrixRMaj(covarianceA));
        DMatrixRMaj half = new DMatrixRMaj(meanA.length, meanA.length);
        DMatrixRMaj product = new DMatrixRMaj(meanA.length, meanA.length);
        CommonOps_DDRM.mult(root, new DMatrixRMaj(covarianceB), half);
        CommonOps_DDRM.mult(half, root, product);
        // Rounding has left it a little asymmetric.
        DMatrixRMaj transposed = CommonOps_DDRM.transpose(product, null);
        CommonOps_DDRM.addEquals(product, transposed);
        EigenDecomposition_F64<DMatrixRMaj> eigen = decompose(product, false);
        for (int i = 0; i < meanA.length; i++) {
            distance -= 2 * Math.sqrt(Math.max(0, eigen.getEigenvalue(i).getReal() / 2));
        }
        return Math.max(0, distance);
    }

    private static DMatrixRMaj squareRoot(DMatrixRMaj matrix) {
        int n = matrix.numRows;
        EigenDecomposition_F64<DMatrixRMaj> eigen = decompose(matrix, true);
        DMatrixRMaj root = new DMatrixRMaj(n, n);
        for (int k = 0; k < n; k++) {
            double scale = Math.sqrt(Math.max(0, eigen.getEigenvalue(k).getReal()));
            DMatrixRMaj v = eigen.getEigenVector(k);
            CommonOps_DDRM.multAddTransB(scale, v, v, root);
        }
        return root;
    }

    private static EigenDecomposition_F64<DMatrixRMaj> decompose(DMatrixRMaj symmetric, boolean vectors) {
        EigenDecomposition_F64<DMatrixRMaj> eigen = DecompositionFactory_DDRM.eig(symmetric.numRows, vectors, true);
        if (!eigen.decompose(symmetric.copy())) {
            throw new ArithmeticException("fréchet distance: the eigenvalues of a covariance did not converge; are its entries finite?");
        }
        return eigen;
    }

    private static double[][] shrunk(double[][] covariance, double keep) {
        for (int i = 0; i < covariance.length; i++) {
            for (int j = 0; j < covariance.length; j++) {
                covariance[i][j] *= i == j ? 1 : keep;
            }
        }
        return covariance;
    }
}
