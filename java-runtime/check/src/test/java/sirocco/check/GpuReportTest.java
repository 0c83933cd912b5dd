package sirocco.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the table says of files as the parts of gpu-check write them. */
class GpuReportTest {
    @TempDir Path folder;

    @Test
    void comparesWithTheBestOfPyTorch() throws IOException {
        Files.writeString(folder.resolve("bench-train-128-bf16.json"), """
            {"what": "train", "preset": "cifar10", "batch": 128, "precision": "bf16", "device": "a GPU", "median_ms": 20.0, "gflop_per_s": 1000.0,
             "kernels": [{"kind": "Conv2d", "shape": "[1,2,3,4] → 5, 3×3 pad 1", "algorithm": "v3", "count": 2, "nanos": 4000, "flops": 8000000}],
             "variants": [{"kind": "Conv2d", "shape": "[1,2,3,4] → 5, 3×3 pad 1", "algorithm": "v3", "count": 2, "nanos": 4000, "flops": 8000000},
                          {"kind": "Conv2d", "shape": "[1,2,3,4] → 5, 3×3 pad 1", "algorithm": "v1", "count": 2, "nanos": 9000, "flops": 8000000}]}""");
        Files.writeString(folder.resolve("torch.json"), """
            {"torch": "2.x", "kernels": [{"kind": "Conv2d", "shape": "[1,2,3,4] → 5, 3×3 pad 1", "precision": "bf16", "ms": 0.003}],
             "steps": [{"what": "train", "batch": 128, "precision": "bf16", "mode": "eager", "ms": 60.0},
                       {"what": "train", "batch": 128, "precision": "bf16", "mode": "compile", "ms": 30.0},
                       {"what": "train", "batch": 128, "precision": "f32", "mode": "compile", "ms": 1.0}]}""");
        Files.writeString(folder.resolve("missing.log"), "gpu-check: no compute-sanitizer\n");
        GpuReport report = new GpuReport(folder);
        String table = report.markdown();
        assertTrue(table.contains("| cifar10 train, batch 128, bf16 | 20.000 | 6400 | 1.00 | 60.000 | 30.000 |  | **1.50 ×** |"), table);
        assertTrue(table.contains("| Conv2d | [1,2,3,4] → 5, 3×3 pad 1 | 2.0 | 100.0 % | 2.0 | 3.0 | 1.50 × | v3 |"), table);
        assertTrue(table.contains("| Conv2d | [1,2,3,4] → 5, 3×3 pad 1 | v3 2.0, v1 4.5 |"), table);
        assertTrue(table.contains("- gpu-check: no compute-sanitizer"), table);
        assertEquals(1, report.json().get("benches").size());
    }

    @Test
    void anEmptyFolderIsAnEmptyReport() throws IOException {
        assertEquals("", new GpuReport(folder).markdown());
    }
}
