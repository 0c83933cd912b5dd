package sirocco.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import sirocco.api.Backends;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Settings;
import sirocco.nn.unet.UNetConfig;

class ChainsCheckTest {
    private static final int STEPS = 5;

    private final ChainsCheck check = new ChainsCheck(UNetConfig.builder().size(8).layersPerBlock(1).blockOutChannels(8, 16).attentionAt(1).normNumGroups(4).build(), 2,
            STEPS);

    /** On the emulated driver, whose loops are conditional nodes of graphs and whose uploads are asynchronous. */
    @Test
    void loopsAndUploadsGiveTheBitsOfSingleSteps() {
        assumeTrue(Files.isRegularFile(Path.of(System.getProperty("sirocco.cuda.driver", ""))), "the emulated CUDA driver has not been built: it needs g++ and make");
        try (Device device = Backends.choose("cuda").open(Settings.DEFAULT)) {
            assertEquals(List.of(), check.sampling(device, () -> { }).violations());
            assertEquals(List.of(), check.training(device, () -> { }).violations());
        }
    }

    @Test
    void aLoopThatMakesOneStepTooFewIsFound() {
        try (Device device = Backends.choose("cpu").open(Settings.DEFAULT)) {
            Device wrong = with(device, (e, method, args) -> {
                boolean loop = method.getName().equals("repeat");
                return method.invoke(e, loop ? new Object[] {(int) args[0] - 1} : args);
            });
            List<String> problems = check.sampling(wrong, () -> { }).violations();
            assertTrue(problems.stream().anyMatch(p -> p.startsWith("x: repeat(5) gave other bits than 5 × run()")), problems::toString);
            assertTrue(problems.stream().anyMatch(p -> p.startsWith("cursor: repeat(2) and repeat(3) gave other bits")), problems::toString);
        }
    }

    /** Here a batch does not arrive unless its upload begins after a wait. */
    @Test
    void aBatchThatComesTooLateIsFound() {
        try (Device device = Backends.choose("cpu").open(Settings.DEFAULT)) {
            boolean[] idle = {true};
            Device wrong = with(device, (e, method, args) -> {
                switch (method.getName()) {
                    case "await", "close" -> idle[0] = true;
                    case "run" -> idle[0] = false;
                    default -> { }
                }
                return method.getName().equals("write") && args[1] instanceof byte[] && !idle[0] ? null : method.invoke(e, args);
            });
            List<String> problems = check.training(wrong, () -> { }).violations();
            assertFalse(problems.isEmpty());
            assertTrue(problems.stream().allMatch(p -> p.contains("gave other bits than a wait after each step")), problems::toString);
        }
    }

    /** What is called instead of an executable's methods. */
    private interface Instead {
        Object call(Executable e, Method method, Object[] args) throws ReflectiveOperationException;
    }

    private static Device with(Device device, Instead instead) {
        return proxy(Device.class, (_, method, args) -> {
            Object result = method.invoke(device, args);
            return result instanceof Executable e ? proxy(Executable.class, (_, m, a) -> instead.call(e, m, a)) : result;
        });
    }

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }
}
