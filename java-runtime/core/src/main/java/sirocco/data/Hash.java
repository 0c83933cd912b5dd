package sirocco.data;

/** Random numbers as a pure function of their address: what makes an image or a batch readable in any order. */
final class Hash {
    /** 2⁶⁴ divided by the golden ratio: consecutive multiples of it are spread evenly (Weyl sequence). */
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private Hash() {}

    /** A bijection of the 64-bit numbers in which every input bit sways every output bit: SplitMix64's finaliser (Steele et al., 2014). */
    static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    static long of(long a, long b) {
        return mix(mix(a + GOLDEN) + GOLDEN * b);
    }

    static long of(long a, long b, long c) {
        return of(of(a, b), c);
    }

    /** Uniform on [0, 1), in steps of 2⁻⁵³. */
    static double unit(long bits) {
        return (bits >>> 11) * 0x1p-53;
    }

    /** Uniform on 0 … n − 1, but for a bias below n·2⁻³². */
    static int below(long bits, int n) {
        return (int) (((bits >>> 32) * n) >>> 32);
    }
}
