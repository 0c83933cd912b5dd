package sirocco.image;

/**
 * An image in memory: u8 [height, width, channels], rows from the top, 1 channel (grey) or 3 (red, green, blue), sRGB.
 *
 * @param pixels not copied; exactly height × width × channels bytes
 */
public record Picture(byte[] pixels, int height, int width, int channels) {
    public Picture {
        if (height < 1 || width < 1 || (channels != 1 && channels != 3)) {
            throw new IllegalArgumentException("picture: expected a positive size and 1 or 3 channels, got [" + height + "," + width + ","
                    + channels + "]");
        }
        if (pixels.length != (long) height * width * channels) {
            throw new IllegalArgumentException("picture [" + height + "," + width + "," + channels + "]: expected "
                    + (long) height * width * channels + " bytes, got " + pixels.length);
        }
    }

    /** The byte at a place as 0 … 255. */
    public int at(int y, int x, int channel) {
        return pixels[(y * width + x) * channels + channel] & 0xFF;
    }
}
