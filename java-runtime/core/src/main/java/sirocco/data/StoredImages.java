package sirocco.data;

import java.util.List;

/**
 * A dataset wholly in memory.
 *
 * @param images one array an image, u8 [side, side, channels]
 * @param labels one an image
 */
record StoredImages(String name, int side, int channels, List<byte[]> images, int[] labels, List<String> classNames) implements Dataset {
    /** @throws DataException where that many bytes will not fit the heap, before they are allocated */
    static void requireRoom(String where, long bytes) {
        long heap = Runtime.getRuntime().maxMemory();
        if (bytes > heap / 4 * 3) {
            throw new DataException(where + " takes " + (bytes >> 20) + " MiB in memory, the heap has " + (heap >> 20)
                    + " MiB; give Java more (-Xmx) or ask for smaller images");
        }
    }

    @Override
    public long size() {
        return images.size();
    }

    @Override
    public int height() {
        return side;
    }

    @Override
    public int width() {
        return side;
    }

    @Override
    public int read(long index, byte[] into, int offset) {
        int i = Math.toIntExact(index);
        System.arraycopy(images.get(i), 0, into, offset, imageBytes());
        return labels[i];
    }
}
