package sirocco.bench;

import java.util.List;

/**
 * A convolution of n pictures [cin,size,size] with a kernel×kernel filter, stride 1 and padding kernel/2.
 *
 * @param n images
 * @param cin input channels
 * @param cout output channels
 * @param size height and width in pixels
 * @param kernel 1 or 3
 */
public record ConvShape(int n, int cin, int cout, int size, int kernel) {
    /** The 3×3 shapes with at least 64 channels that make up the CIFAR-10 model's time, most of it first, and 64 → 64. */
    public static final List<ConvShape> CIFAR10 = List.of(
            new ConvShape(16, 128, 128, 32, 3),
            new ConvShape(16, 256, 256, 16, 3),
            new ConvShape(16, 512, 256, 16, 3),
            new ConvShape(16, 256, 256, 32, 3),
            new ConvShape(16, 256, 128, 32, 3),
            new ConvShape(16, 384, 128, 32, 3),
            new ConvShape(16, 256, 256, 8, 3),
            new ConvShape(16, 512, 256, 8, 3),
            new ConvShape(16, 384, 256, 16, 3),
            new ConvShape(16, 256, 256, 4, 3),
            new ConvShape(16, 128, 256, 16, 3),
            new ConvShape(16, 64, 64, 32, 3));

    /** 3×3 shapes with few pixels: the deepest levels of a U-Net for a batch of 8. */
    public static final List<ConvShape> FEW_PIXELS = List.of(new ConvShape(8, 256, 256, 8, 3), new ConvShape(8, 256, 256, 4, 3));

    /**
     * The linear layers of a DiT-S/2 (384 features, 256 tokens: query, key and value at once, projection, both of the MLP) and of Stable
     * Diffusion's U-Net at each of its sizes (projections, the MLP's two), as 1×1 convolutions of one image.
     */
    public static final List<ConvShape> LINEAR = List.of(
            new ConvShape(1, 384, 1152, 16, 1),
            new ConvShape(1, 384, 384, 16, 1),
            new ConvShape(1, 384, 1536, 16, 1),
            new ConvShape(1, 1536, 384, 16, 1),
            new ConvShape(1, 320, 320, 64, 1),
            new ConvShape(1, 320, 2560, 64, 1),
            new ConvShape(1, 1280, 320, 64, 1),
            new ConvShape(1, 640, 640, 32, 1),
            new ConvShape(1, 1280, 1280, 16, 1),
            new ConvShape(1, 1280, 1280, 8, 1));

    /** The same with another number of images. */
    public ConvShape batch(int images) {
        return new ConvShape(images, cin, cout, size, kernel);
    }

    /** Operations of one pass, a multiply-add counted as two. */
    public double flops() {
        return 2.0 * n * cin * cout * kernel * kernel * size * size;
    }

    public int inputs() {
        return n * cin * size * size;
    }

    public int outputs() {
        return n * cout * size * size;
    }

    public int weights() {
        return cout * cin * kernel * kernel;
    }

    /** As the rows name it: {@code 16x128-128@32}. */
    @Override
    public String toString() {
        return n + "x" + cin + "-" + cout + "@" + size + (kernel == 3 ? "" : " " + kernel + "x" + kernel);
    }
}
