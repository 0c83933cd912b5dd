package sirocco.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import sirocco.api.Attention;
import sirocco.api.Convolution;
import sirocco.api.Normalization;
import sirocco.api.Op;
import sirocco.api.Reduction;
import sirocco.api.Settings.Precision;
import sirocco.api.Shape;
import sirocco.api.Step;
import sirocco.gpu.CommonCases;
import sirocco.testkit.OpCase;
import sirocco.testkit.OpCases;
import sirocco.tornado.kernel.KernelFactory;

/** That the cases which build-scripts/tornado-races has interpreted are of every kind of kernel, as it says. */
class RacesTest {
    private static final Path SCRIPT = Path.of(System.getProperty("sirocco.root", "../.."), "build-scripts/tornado-races");
    private static final Pattern PART = Pattern.compile("^small\\+?='(.*)'$");

    private static List<Op> chosen() throws IOException {
        Predicate<String> wanted = Pattern.compile(Files.readAllLines(SCRIPT).stream().map(PART::matcher).filter(m -> m.matches()).map(m -> m.group(1))
                .collect(Collectors.joining()), Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE).asPredicate();
        return OpCases.all().stream().filter(c -> wanted.test(c.name())).map(OpCase::graph).flatMap(g -> g.steps().stream()).map(Step::op).toList();
    }

    @Test
    void everyOpIsAmongThem() throws IOException {
        Set<Class<?>> there = chosen().stream().map(Object::getClass).collect(Collectors.toSet());
        Set<Class<?>> computed = OpCases.all().stream().flatMap(c -> c.graph().steps().stream()).map(Step::op).filter(KernelFactory::supports)
                .map(Object::getClass).collect(Collectors.toSet());
        assertEquals(List.of(), computed.stream().filter(op -> !there.contains(op)).map(Class::getName).toList());
    }

    /** Where work groups share something, there are several of them: tiles, phases of a strided convolution, parts of a sum, pieces of a tensor. */
    @Test
    void kernelsInPiecesHaveSeveral() throws IOException {
        List<Op> ops = chosen();
        assertTrue(ops.stream().anyMatch(op -> op instanceof Convolution.Conv2dBackwardData c && c.window().stride() > 1), "phases");
        assertTrue(ops.stream().anyMatch(op -> KernelFactory.of(op, Precision.F32).algorithm().contains(" parts")), "parts of a weights' gradient");
        assertTrue(ops.stream().anyMatch(op -> op instanceof Attention.Forward a && pixels(a.q().shape()) > 64 && a.q().shape().c() / a.heads() > 64), "attention's tiles");
        assertTrue(ops.stream().anyMatch(op -> op instanceof Attention.Backward a && pixels(a.q().shape()) > 64 && a.q().shape().c() / a.heads() > 64), "and its gradient's");
        assertTrue(ops.stream().anyMatch(op -> op instanceof Reduction.Reduce r && !CommonCases.sumsPixels(r)
                && KernelFactory.of(op, Precision.F32).scratchFloats() > 0), "pieces of a reduction");
        // With a group of one channel its scratch has 2 floats for each channel and piece.
        assertTrue(ops.stream().anyMatch(op -> op instanceof Normalization.GroupNorm n && n.groups() == n.x().shape().c()
                && KernelFactory.of(op, Precision.F32).scratchFloats() > 2L * n.x().shape().n() * n.groups()), "pieces of a GroupNorm");
    }

    private static int pixels(Shape s) {
        return s.h() * s.w();
    }
}
