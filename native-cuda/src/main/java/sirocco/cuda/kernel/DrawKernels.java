package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Diffusion;
import sirocco.api.Random;
import sirocco.api.Shape;

/** Random numbers and pixels, in float32. */
final class DrawKernels {
    private DrawKernels() { }

    static Kernel draw(Random.Draw op) {
        Shape s = op.y().shape();
        int elements = (int) s.imageElements();
        String kernel = switch (op.distribution()) {
            case NORMAL -> "draw_normal_f32";
            case UNIFORM -> "draw_uniform_f32";
        };
        return Kernel.of(m -> List.of(Launch.noise(kernel, s.n(), elements, m.at(op.rng()), m.at(op.index()), m.at(op.step()), op.stream(), m.at(op.y()),
                elements)));
    }

    static Kernel drawTimestep(Random.DrawTimestep op) {
        int n = op.t().shape().n();
        return Kernel.of(m -> List.of(Launch.threads("draw_timestep", n, m.at(op.rng()), m.at(op.index()), op.bound(), n, m.at(op.t()))));
    }

    static Kernel pixels(Diffusion.Pixels op) {
        Shape s = op.images().shape();
        int elements = (int) s.imageElements();
        return Kernel.of(m -> List.of(Launch.blocks("pixels_f32", Launch.blocks(elements, Launch.BLOCK), s.n(), 1, m.at(op.images()), m.at(op.rng()),
                m.at(op.index()), op.flip() ? 1 : 0, s.w(), s.c(), elements, m.at(op.x0()))));
    }
}
