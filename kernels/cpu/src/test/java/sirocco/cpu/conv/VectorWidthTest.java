package sirocco.cpu.conv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Widths that this machine does not prefer. The width is a constant of a running machine, so each has a machine of its own. */
@Execution(ExecutionMode.CONCURRENT)
class VectorWidthTest {
    @ParameterizedTest
    @ValueSource(ints = {128, 256})
    void everyPassIsRightAtAnyVectorWidth(int bits) throws Exception {
        Process child = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector", "-ea", "-cp", System.getProperty("java.class.path"),
                "-Dsirocco.cpu.vectorBits=" + bits, ConvTest.class.getName(), Integer.toString(bits))
                .redirectErrorStream(true).start();
        String output = new String(child.getInputStream().readAllBytes());
        assertTrue(child.waitFor(5, TimeUnit.MINUTES));
        assertEquals(0, child.exitValue(), output);
        assertTrue(output.endsWith("ok\n"), output);
    }
}
