package sirocco.image;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import sirocco.io.AtomicFiles;

/** Writes animated GIF. Every frame has a palette of its own ({@link MedianCut}): a chain from noise to picture needs many colours. */
public final class Gif {
    private static final String FORMAT = "javax_imageio_gif_image_1.0";

    private Gif() {}

    /**
     * Writes {@code frames}, repeating for ever; {@code file} is at every moment absent, what it was before, or whole.
     *
     * @param frames at least one, all of one size
     * @param delayMs how long each frame stays, 20 … 655350, kept in hundredths of a second; viewers show less than 20 as 100
     * @param lastDelayMs the same for the last frame
     * @throws IOException naming the file, where it cannot be written
     */
    public static void write(Path file, List<Picture> frames, int delayMs, int lastDelayMs) throws IOException {
        if (frames.isEmpty()) {
            throw new IllegalArgumentException("gif \"" + file + "\": no frames");
        }
        requireDelay(file, delayMs);
        requireDelay(file, lastDelayMs);
        Picture first = frames.getFirst();
        for (Picture frame : frames) {
            if (frame.height() != first.height() || frame.width() != first.width()) {
                throw new IllegalArgumentException("gif \"" + file + "\": frames of " + first.width() + " x " + first.height() + " and "
                        + frame.width() + " x " + frame.height() + " do not go together");
            }
        }
        AtomicFiles.writeBytes(file, encode(frames, delayMs, lastDelayMs));
    }

    private static void requireDelay(Path file, int delayMs) {
        if (delayMs < 20 || delayMs > 655_350) {
            throw new IllegalArgumentException("gif \"" + file + "\": expected delays of 20 to 655350 ms, got " + delayMs);
        }
    }

    static byte[] encode(List<Picture> frames, int delayMs, int lastDelayMs) throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("gif").next();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            writer.setOutput(out);
            writer.prepareWriteSequence(null);
            for (int i = 0; i < frames.size(); i++) {
                BufferedImage image = indexed(frames.get(i));
                IIOMetadata metadata = writer.getDefaultImageMetadata(ImageTypeSpecifier.createFromRenderedImage(image), null);
                describe(metadata, i == 0, i == frames.size() - 1 ? lastDelayMs : delayMs);
                writer.writeToSequence(new IIOImage(image, null, metadata), null);
            }
            writer.endWriteSequence();
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }

    /** Sets delay and, on the first frame, Netscape's extension for repeating for ever. */
    private static void describe(IIOMetadata metadata, boolean first, int delayMs) throws IOException {
        IIOMetadataNode root = (IIOMetadataNode) metadata.getAsTree(FORMAT);
        IIOMetadataNode control = child(root, "GraphicControlExtension");
        control.setAttribute("disposalMethod", "none");
        control.setAttribute("userInputFlag", "FALSE");
        control.setAttribute("transparentColorFlag", "FALSE");
        control.setAttribute("transparentColorIndex", "0");
        control.setAttribute("delayTime", String.valueOf((delayMs + 5) / 10));
        if (first) {
            IIOMetadataNode loop = new IIOMetadataNode("ApplicationExtension");
            loop.setAttribute("applicationID", "NETSCAPE");
            loop.setAttribute("authenticationCode", "2.0");
            loop.setUserObject(new byte[] {1, 0, 0});
            child(root, "ApplicationExtensions").appendChild(loop);
        }
        metadata.setFromTree(FORMAT, root);
    }

    private static IIOMetadataNode child(IIOMetadataNode root, String name) {
        for (int i = 0; i < root.getLength(); i++) {
            if (root.item(i).getNodeName().equals(name)) {
                return (IIOMetadataNode) root.item(i);
            }
        }
        IIOMetadataNode node = new IIOMetadataNode(name);
        root.appendChild(node);
        return node;
    }

    private static BufferedImage indexed(Picture picture) {
        int[] pixels = new int[picture.height() * picture.width()];
        for (int i = 0; i < pixels.length; i++) {
            int y = i / picture.width();
            int x = i % picture.width();
            pixels[i] = picture.at(y, x, 0) << 16 | picture.at(y, x, picture.channels() / 2) << 8 | picture.at(y, x, picture.channels() - 1);
        }
        MedianCut cut = new MedianCut(pixels);
        byte[] red = new byte[256];
        byte[] green = new byte[256];
        byte[] blue = new byte[256];
        for (int i = 0; i < cut.palette().length; i++) {
            red[i] = (byte) (cut.palette()[i] >> 16);
            green[i] = (byte) (cut.palette()[i] >> 8);
            blue[i] = (byte) cut.palette()[i];
        }
        BufferedImage image = new BufferedImage(picture.width(), picture.height(), BufferedImage.TYPE_BYTE_INDEXED,
                new IndexColorModel(8, 256, red, green, blue));
        for (int i = 0; i < pixels.length; i++) {
            image.getRaster().setSample(i % picture.width(), i / picture.width(), 0, cut.entry(pixels[i]) & 0xFF);
        }
        return image;
    }
}
