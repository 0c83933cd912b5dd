package sirocco.cpu.conv;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.Arrays;
import java.util.Random;
import java.util.SplittableRandom;
import sirocco.cpu.Layout;
import sirocco.cpu.Slice;

/** A value in memory full of NaN, as a test's arena is: what a kernel reads and must not, or leaves unwritten, shows. */
record Operand(Layout layout, Slice at) {
    /** Somewhere in an array of NaN. */
    static Slice garbage(long floats, Random random) {
        int before = random.nextInt(40);
        float[] array = new float[Math.toIntExact(before + floats + random.nextInt(40))];
        Arrays.fill(array, Float.NaN);
        return new Slice(array, before);
    }

    static Operand empty(Layout layout, Random random) {
        return new Operand(layout, garbage(layout.floats(), random));
    }

    /** With {@code values} (logical NHWC), zeros in halo and fill. */
    static Operand of(Layout layout, float[] values, Random random) {
        Operand o = empty(layout, random);
        int from = o.at.offset();
        Arrays.fill(o.at.array(), from, from + (int) layout.floats(), 0f);
        int i = 0;
        for (int n = 0; n < layout.n(); n++) {
            for (int y = 0; y < layout.h(); y++) {
                for (int x = 0; x < layout.w(); x++) {
                    for (int c = 0; c < layout.c(); c++) {
                        o.at.array()[from + layout.index(n, y, x, c)] = values[i++];
                    }
                }
            }
        }
        return o;
    }

    /** The logical values, after a check that halo and fill are zeros and nothing around the value was written. */
    float[] values() {
        float[] copy = at.array().clone();
        float[] values = new float[layout.n() * layout.h() * layout.w() * layout.c()];
        int i = 0;
        for (int n = 0; n < layout.n(); n++) {
            for (int y = 0; y < layout.h(); y++) {
                for (int x = 0; x < layout.w(); x++) {
                    for (int c = 0; c < layout.c(); c++) {
                        int place = at.offset() + layout.index(n, y, x, c);
                        values[i++] = copy[place];
                        copy[place] = 0;
                    }
                }
            }
        }
        for (int p = 0; p < copy.length; p++) {
            boolean inside = p >= at.offset() && p < at.offset() + layout.floats();
            if (inside ? Float.floatToRawIntBits(copy[p]) != 0 : !Float.isNaN(copy[p])) {
                fail((inside ? "halo or fill" : "written outside of the value") + " at " + (p - at.offset()) + " of " + layout + ": " + copy[p]);
            }
        }
        return values;
    }

    static float[] random(long size, Random random) {
        float[] values = new float[Math.toIntExact(size)];
        SplittableRandom numbers = new SplittableRandom(random.nextLong()); // whose normal numbers take a tenth of the time of Random's
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) numbers.nextGaussian();
        }
        return values;
    }

    static Slice dense(float[] values, Random random) {
        Slice at = garbage(values.length, random);
        System.arraycopy(values, 0, at.array(), at.offset(), values.length);
        return at;
    }

    static float[] dense(Slice at, int size) {
        return Arrays.copyOfRange(at.array(), at.offset(), at.offset() + size);
    }
}
