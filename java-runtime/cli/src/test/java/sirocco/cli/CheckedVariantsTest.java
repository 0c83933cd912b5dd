package sirocco.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckedVariantsTest {
    private static final List<String> ALL = List.of("conv2d=v1", "conv2d=v4", "conv2d=v4-64x64", "conv2d=v5", "group_norm=v2");

    @TempDir Path folder;

    private Path report(String... checks) throws IOException {
        Path file = folder.resolve("check.json");
        return Files.writeString(file, "{\"complete\": false, \"checks\": [" + String.join(", ", checks) + "]}");
    }

    private static String check(String group, String name, String verdict) {
        return "{\"group\": \"%s\", \"case\": \"%s\", \"verdict\": \"%s\"}".formatted(group, name, verdict);
    }

    @Test
    void whatFailedOnceOrWasNotSeenIsLeftOut() throws IOException {
        Path report = report(check("ops", "Conv2d 3×3", "failed"), check("variants", "conv2d=v1, Conv2d 3×3", "passed"),
                check("variants", "conv2d=v4, Conv2d 3×3", "passed"), check("variants", "conv2d=v4, Conv2d 1×1", "failed"),
                check("variants", "conv2d=v4-64x64, Conv2d 3×3", "passed"), check("variants", "conv2d=v5", "failed"),
                check("variants", "group_norm=v2", "skipped"));
        assertEquals(List.of("conv2d=v1", "conv2d=v4-64x64"), CheckedVariants.sound(report, ALL));
    }

    @Test
    void aCheckWithoutVariantsSaysNothingOfThem() throws IOException {
        assertEquals(ALL, CheckedVariants.sound(report(check("ops", "Conv2d 3×3", "passed")), ALL));
    }

    @Test
    void whereNothingIsLeftItSaysSo() throws IOException {
        Path failures = report(check("variants", "conv2d=v1, Conv2d 3×3", "failed"));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> CheckedVariants.sound(failures, ALL)).getMessage().contains("no variant has passed"));
        Path other = Files.writeString(folder.resolve("other.json"), "{}");
        assertTrue(assertThrows(IllegalArgumentException.class, () -> CheckedVariants.sound(other, ALL)).getMessage().contains("expected what sirocco check"));
        Path cut = Files.writeString(folder.resolve("cut.json"), "{\"checks\": [");
        assertTrue(assertThrows(IllegalArgumentException.class, () -> CheckedVariants.sound(cut, ALL)).getMessage().contains("not JSON"));
    }
}
