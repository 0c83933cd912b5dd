package sirocco.image;

/** Between a model's numbers and bytes: −1 is 0, +1 is 255. */
public final class Pixels {
    private Pixels() {}

    /**
     * ⌊(v + 1)·127.5 + ½⌋, clamped to 0 … 255: rounds half up, so a byte that went through {@code b / 127.5 − 1} comes back.
     *
     * @param count values to convert from {@code from[fromOffset]} on to {@code to[toOffset]} on
     * @throws IllegalArgumentException where a value is NaN: a picture must not hide a failed run
     */
    public static void toBytes(float[] from, int fromOffset, byte[] to, int toOffset, int count) {
        for (int i = 0; i < count; i++) {
            to[toOffset + i] = toByte(from[fromOffset + i], fromOffset + i);
        }
    }

    /** The same for a whole array. */
    public static byte[] toBytes(float[] from) {
        byte[] to = new byte[from.length];
        toBytes(from, 0, to, 0, from.length);
        return to;
    }

    private static byte toByte(float v, int index) {
        if (Float.isNaN(v)) {
            throw new IllegalArgumentException("pixel value " + index + " is NaN: the model's output is not an image; look for the layer "
                    + "that made it, or sample from an earlier checkpoint");
        }
        return (byte) Math.clamp((long) Math.floor((v + 1.0) * 127.5 + 0.5), 0, 255);
    }
}
