package sirocco.data;

/**
 * Finds the {@link Shapes} scene that comes nearest to an image in the least-squares sense. Holds the work space for one image at a
 * time; one object a thread.
 *
 * <p>For a given shape, place and size the image is linear in what remains: with c the shape's coverage of a pixel and t its height
 * from 0 (top) to 1, pixel = c·colour + (1 − c)·(top + t·(bottom − top)), three unknowns a channel, solved exactly. Place and size are
 * searched around a first guess from the area that differs from the background, for every shape whose guess is promising.
 */
final class SceneFit {
    private static final int SHAPES = Shape.values().length;
    /** How many shapes are searched finely, the best first guesses among them all. */
    private static final int CANDIDATES = 4;
    /** A first guess whose squared error is this many times the best found is not searched: searching gains less. */
    private static final double HOPELESS = 16;
    /** Spacing of the search along x, y and radius, in sixteenths of the side, from coarse to fine. */
    private static final double[] SPACINGS = {0.7, 0.3, 0.1, 0.04};
    /** How far outside the drawn range of radius and place the search goes: a wobbly sample is not a wrong one. */
    private static final double SLACK = 0.75;

    /** For each shape its area and centre of mass in units of its radius. */
    private static final double[][] MOMENTS = moments();

    private final int side;
    private final double[] pixels;
    private double sumOfSquares;
    /** For each channel Σ pixel and Σ t·pixel. */
    private final double[] sums = new double[3];
    private final double[] sumsT = new double[3];
    /** Normal equations of the three unknowns, and their solution for each channel: colour, top, bottom − top. */
    private final double[] normal = new double[6];
    private final double[][] right = new double[3][3];
    private final double[][] solution = new double[3][3];
    private final double[][] tried = new double[SHAPES][4];

    /** The best fit's shape and what was found with it; colours in 0 … 255, roughly. */
    Shape shape;
    double x;
    double y;
    double radius;
    final double[] colour = new double[3];
    final double[] top = new double[3];
    final double[] bottom = new double[3];
    /** Root of the mean squared difference between image and fit over pixels and channels, in 0 … 255. */
    double residual;
    /** The share of the squared difference from the best plain gradient that the shape accounts for: 0 … 1. */
    double explained;

    SceneFit(int side) {
        this.side = side;
        this.pixels = new double[side * side * 3];
    }

    /** Fits u8 [side, side, 3] at {@code images[offset]} and leaves the answer in the fields. */
    void fit(byte[] images, int offset) {
        load(images, offset);
        guess();
        double best = Double.MAX_VALUE;
        for (int candidate = 0; candidate < CANDIDATES; candidate++) {
            int promising = 0;
            for (int s = 1; s < SHAPES; s++) {
                promising = tried[s][3] < tried[promising][3] ? s : promising;
            }
            double[] place = tried[promising];
            if (place[3] > best * HOPELESS) {
                break;
            }
            double error = search(Shape.values()[promising], place);
            if (error < best) {
                best = error;
                shape = Shape.values()[promising];
                x = place[0];
                y = place[1];
                radius = place[2];
            }
            place[3] = Double.MAX_VALUE;
        }
        best = error(shape, x, y, radius);
        for (int c = 0; c < 3; c++) {
            colour[c] = solution[c][0];
            top[c] = solution[c][1];
            bottom[c] = solution[c][1] + solution[c][2];
        }
        residual = Math.sqrt(best / pixels.length);
        double plain = error(null, 0, 0, 0);
        explained = plain > 0 ? 1 - best / plain : 0;
    }

    private void load(byte[] images, int offset) {
        sumOfSquares = 0;
        for (int c = 0; c < 3; c++) {
            sums[c] = 0;
            sumsT[c] = 0;
        }
        for (int i = 0; i < pixels.length; i++) {
            double p = images[offset + i] & 0xFF;
            pixels[i] = p;
            sumOfSquares += p * p;
            sums[i % 3] += p;
            sumsT[i % 3] += p * (i / (3 * side) + 0.5) / side;
        }
    }

    /** A first place and its error for every shape: where the image differs from the gradient through its outermost pixels. */
    private void guess() {
        double[] line = new double[6];
        fitRim(line);
        double most = 0;
        for (int i = 0; i < side * side; i++) {
            most = Math.max(most, difference(line, i));
        }
        double area = 0;
        double sumX = 0;
        double sumY = 0;
        for (int i = 0; i < side * side; i++) {
            if (difference(line, i) > most / 2) {
                area++;
                sumX += i % side + 0.5;
                sumY += i / side + 0.5;
            }
        }
        // An image that is the gradient has no such area; then any place will do.
        double centreX = area > 0 ? sumX / area : side / 2.0;
        double centreY = area > 0 ? sumY / area : side / 2.0;
        for (int s = 0; s < SHAPES; s++) {
            double r = Math.sqrt(area / MOMENTS[s][0]);
            double[] place = tried[s];
            place[2] = r;
            place[0] = centreX - r * MOMENTS[s][1];
            place[1] = centreY - r * MOMENTS[s][2];
            keepInRange(place);
            place[3] = error(Shape.values()[s], place[0], place[1], place[2]);
        }
    }

    /** Least squares of value = a + b·t over the outermost pixels, per channel, into {@code line} = a, b, a, b, a, b. */
    private void fitRim(double[] line) {
        int n = 0;
        double sumT = 0;
        double sumTt = 0;
        double[] sumV = new double[3];
        double[] sumVt = new double[3];
        for (int row = 0; row < side; row++) {
            double t = (row + 0.5) / side;
            for (int column = 0; column < side; column++) {
                if (row > 0 && row < side - 1 && column > 0 && column < side - 1) {
                    continue;
                }
                n++;
                sumT += t;
                sumTt += t * t;
                for (int c = 0; c < 3; c++) {
                    double v = pixels[(row * side + column) * 3 + c];
                    sumV[c] += v;
                    sumVt[c] += v * t;
                }
            }
        }
        for (int c = 0; c < 3; c++) {
            double slope = (n * sumVt[c] - sumT * sumV[c]) / (n * sumTt - sumT * sumT);
            line[2 * c] = (sumV[c] - slope * sumT) / n;
            line[2 * c + 1] = slope;
        }
    }

    private double difference(double[] line, int pixel) {
        double t = (pixel / side + 0.5) / side;
        double sum = 0;
        for (int c = 0; c < 3; c++) {
            sum += Math.abs(pixels[3 * pixel + c] - line[2 * c] - line[2 * c + 1] * t);
        }
        return sum;
    }

    /** Improves {@code place} = x, y, radius one coordinate at a time, each by the parabola through three errors; returns the error. */
    private double search(Shape shape, double[] place) {
        double here = place[3];
        for (double spacing : SPACINGS) {
            double step = spacing * side / 16;
            for (int k = 0; k < 3; k++) {
                double middle = place[k];
                double less = errorAt(shape, place, k, middle - step);
                double more = errorAt(shape, place, k, middle + step);
                double curvature = less - 2 * here + more;
                double lowest = curvature > 0 ? middle + step * Math.clamp((less - more) / (2 * curvature), -2.0, 2.0) : middle;
                double there = errorAt(shape, place, k, lowest);
                double best = Math.min(Math.min(less, more), Math.min(there, here));
                place[k] = best == here ? middle : best == there ? lowest : best == less ? middle - step : middle + step;
                keepInRange(place);
                here = error(shape, place[0], place[1], place[2]);
            }
        }
        return here;
    }

    private double errorAt(Shape shape, double[] place, int coordinate, double value) {
        double kept = place[coordinate];
        place[coordinate] = value;
        double error = error(shape, place[0], place[1], place[2]);
        place[coordinate] = kept;
        return error;
    }

    private void keepInRange(double[] place) {
        double slack = SLACK * side / 16;
        place[2] = Math.clamp(place[2], side * Shapes.MIN_RADIUS - slack / 2, side * Shapes.MAX_RADIUS + slack / 2);
        double nearest = Math.min(side / 2.0, place[2] + side * Shapes.RIM - slack);
        place[0] = Math.clamp(place[0], nearest, side - nearest);
        place[1] = Math.clamp(place[1], nearest, side - nearest);
    }

    /** Squared error of the best colours for this shape and place, or of the best plain gradient where shape is null. */
    private double error(Shape shape, double x, double y, double radius) {
        // With u = 1 - c and v = u·t, all sums are those of a bare gradient corrected where the shape covers something.
        double n = side * side;
        double sumT = n / 2;
        double sumTt = n / 3 - 1 / 12.0;
        double sumC = 0;
        double sumCt = 0;
        double sumCtt = 0;
        double cc = 0;
        double cct = 0;
        double cctt = 0;
        for (int c = 0; c < 3; c++) {
            right[c][0] = 0;
            right[c][1] = sums[c];
            right[c][2] = sumsT[c];
        }
        int left = (int) Math.max(0, x - radius - 1);
        int end = (int) Math.min(side, x + radius + 2);
        int last = (int) Math.min(side, y + radius + 2);
        for (int row = (int) Math.max(0, y - radius - 1); row < last && shape != null; row++) {
            double t = (row + 0.5) / side;
            double rowC = 0;
            double rowCc = 0;
            double red = 0;
            double green = 0;
            double blue = 0;
            for (int column = left; column < end; column++) {
                double cover = shape.coverage(column + 0.5, row + 0.5, x, y, radius);
                int at = (row * side + column) * 3;
                rowC += cover;
                rowCc += cover * cover;
                red += cover * pixels[at];
                green += cover * pixels[at + 1];
                blue += cover * pixels[at + 2];
            }
            sumC += rowC;
            sumCt += rowC * t;
            sumCtt += rowC * t * t;
            cc += rowCc;
            cct += rowCc * t;
            cctt += rowCc * t * t;
            take(red, t, right[0]);
            take(green, t, right[1]);
            take(blue, t, right[2]);
        }
        // A trace of damping keeps the plain gradient, whose coverage is all zero, solvable.
        normal[0] = cc + 1e-9;
        normal[1] = sumC - cc;
        normal[2] = sumCt - cct;
        normal[3] = n - 2 * sumC + cc;
        normal[4] = sumT - 2 * sumCt + cct;
        normal[5] = sumTt - 2 * sumCtt + cctt;
        double error = sumOfSquares;
        for (int c = 0; c < 3; c++) {
            solve(normal, right[c], solution[c]);
            for (int k = 0; k < 3; k++) {
                error -= solution[c][k] * right[c][k];
            }
        }
        return Math.max(0, error);
    }

    /** Moves what the shape covers of one row, Σ c·pixel, from the gradient's right-hand sides to the colour's. */
    private static void take(double covered, double t, double[] right) {
        right[0] += covered;
        right[1] -= covered;
        right[2] -= covered * t;
    }

    /** Cholesky for the 3 × 3 matrix (m0 m1 m2; m1 m3 m4; m2 m4 m5). */
    private static void solve(double[] m, double[] b, double[] x) {
        double l00 = Math.sqrt(m[0]);
        double l10 = m[1] / l00;
        double l20 = m[2] / l00;
        double l11 = Math.sqrt(m[3] - l10 * l10);
        double l21 = (m[4] - l20 * l10) / l11;
        double l22 = Math.sqrt(m[5] - l20 * l20 - l21 * l21);
        double y0 = b[0] / l00;
        double y1 = (b[1] - l10 * y0) / l11;
        double y2 = (b[2] - l20 * y0 - l21 * y1) / l22;
        x[2] = y2 / l22;
        x[1] = (y1 - l21 * x[2]) / l11;
        x[0] = (y0 - l10 * x[1] - l20 * x[2]) / l00;
    }

    private static double[][] moments() {
        int n = 200;
        double[][] moments = new double[SHAPES][3];
        for (Shape shape : Shape.values()) {
            double[] m = moments[shape.ordinal()];
            for (int i = 0; i < n * n; i++) {
                double x = (i % n + 0.5) / n * 2 - 1;
                double y = (i / n + 0.5) / n * 2 - 1;
                if (shape.distance(x, y) < 0) {
                    m[0]++;
                    m[1] += x;
                    m[2] += y;
                }
            }
            m[1] /= m[0];
            m[2] /= m[0];
            m[0] *= 4.0 / (n * n);
        }
        return moments;
    }
}
