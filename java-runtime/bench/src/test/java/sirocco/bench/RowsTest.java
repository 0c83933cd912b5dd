package sirocco.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Param;
import sirocco.bench.jmh.AttentionBenchmark;
import sirocco.bench.jmh.ConvolutionBenchmark;
import sirocco.bench.jmh.GroupNormBenchmark;
import sirocco.bench.jmh.ModelBenchmark;
import sirocco.bench.jmh.NoisingBenchmark;

class RowsTest {
    @Test
    void namesAreUniqueAndHaveAGroup() {
        try (Rows rows = new Rows(1, "cpu")) {
            Set<String> names = new HashSet<>();
            for (Row row : rows.all()) {
                assertTrue(names.add(row.name()), row.name());
                assertTrue(row.group().length() > 0 && row.amount() > 0, row.name());
            }
            assertEquals(rows.all(), rows.matching(Pattern.compile("")));
        }
    }

    @Test
    void jmhsParametersNameRows() throws ReflectiveOperationException {
        try (Rows rows = new Rows(1, "cpu")) {
            for (Class<?> benchmark : List.of(AttentionBenchmark.class, ConvolutionBenchmark.class, GroupNormBenchmark.class, NoisingBenchmark.class,
                    ModelBenchmark.class)) {
                for (String name : benchmark.getField("row").getAnnotation(Param.class).value()) {
                    assertNotNull(rows.named(name));
                }
            }
        }
    }
}
