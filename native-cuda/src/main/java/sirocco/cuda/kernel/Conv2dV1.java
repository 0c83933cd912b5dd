package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Convolution;
import sirocco.gpu.ConvShape;

/** conv2d_v1.cu: a matrix product of gathered pixels with weights, tile by tile in shared memory; any shape. */
final class Conv2dV1 implements Variant<Convolution.Conv2d> {
    /** Rows and columns of the tile of results of a thread block; as in gemm_v1.cuh. */
    static final int TILE = 32;

    @Override
    public String name() {
        return "v1";
    }

    @Override
    public boolean fits(Convolution.Conv2d op, Target target) {
        return true;
    }

    @Override
    public Kernel kernel(Convolution.Conv2d op, Target target) {
        ConvShape s = ConvShape.of(op.x(), op.w(), op.window());
        return Kernel.of(m -> List.of(tiles(target.activations().kernel("conv2d_v1"), s.outputs(), s.k(), m.at(op.x()), m.weights(op.w()), m.at(op.bias()),
                m.at(op.perChannel()), m.at(op.residual()), Structure.of(s), m.at(op.y())))).withWeights(op.w(), target);
    }

    /** A thread block for each tile of a rows × columns matrix. */
    static Launch tiles(String kernel, int rows, int columns, Object... arguments) {
        return Launch.blocks(kernel, Launch.blocks(rows, TILE), (int) Launch.blocks(columns, TILE), 1, arguments);
    }
}
