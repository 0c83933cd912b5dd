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

    private void write(String file, String text) throws IOException {
        Files.writeString(folder.resolve(file), text);
    }

    @Test
    void comparesWithTheBestOfPyTorch() throws IOException {
        write("bench-train-128-bf16.json", """
            {"what": "train", "preset": "cifar10", "batch": 128, "precision": "bf16", "device": "a GPU", "median_ms": 20.0, "gflop_per_s": 1000.0,
             "kernels": [{"kind": "Conv2d", "shape": "[1,2,3,4] → 5, 3×3 pad 1", "algorithm": "v3", "count": 2, "nanos": 4000, "flops": 8000000, "bytes": 400000,
                          "ofPeak": 0.25}]}""");
        write("variants-bf16.json", """
            {"what": "train", "batch": 128, "precision": "bf16",
             "variants": [{"kind": "Conv2d", "shape": "[1,2,3,4] → 5, 3×3 pad 1", "algorithm": "v3", "count": 2, "nanos": 4000, "flops": 8000000},
                          {"kind": "Conv2d", "shape": "[1,2,3,4] → 5, 3×3 pad 1", "algorithm": "v1", "count": 2, "nanos": 9000, "flops": 8000000}]}""");
        write("torch-kernels.json", """
            {"torch": "2.x", "kernels": [{"kind": "Conv2d", "shape": "[1,2,3,4] → 5, 3×3 pad 1", "precision": "bf16", "ms": 0.003}]}""");
        write("torch-steps-bf16.json", """
            {"torch": "2.x", "steps": [{"what": "train", "batch": 128, "precision": "bf16", "mode": "eager", "ms": 60.0},
                                       {"what": "train", "batch": 128, "precision": "bf16", "mode": "compile", "ms": 30.0}]}""");
        write("torch-steps-f32.json", """
            {"torch": "2.x", "steps": [{"what": "train", "batch": 128, "precision": "f32", "mode": "compile", "ms": 1.0}]}""");
        write("stages.json", """
            {"calls": 1, "hardware": "a GPU", "stages": {"memcheck-f32": {"state": "UNAVAILABLE", "seconds": 0, "limit": 0, "exit": 0, "call": 1, "progress": false,
             "note": "no compute-sanitizer"}}}""");
        GpuReport report = new GpuReport(folder);
        String table = report.markdown();
        assertTrue(table.contains("| cifar10 train, batch 128, bf16 | 20.000 | 6400 | 1.00 | 60.000 |  | 30.000 |  | **1.50 ×** |  |"), table);
        assertTrue(table.contains("| Conv2d | [1,2,3,4] → 5, 3×3 pad 1 | 2.0 | 100.0 % | 2.0 | 100 |  | 3.0 | 1.50 × | v3 |"), table);
        assertTrue(table.contains("| Conv2d | [1,2,3,4] → 5, 3×3 pad 1 | v3 2.0, v1 4.5 |"), table);
        assertTrue(table.contains("| training step, batch 128 | torch.compile or CUDA graphs | 1.50 × | 1.00 × | 1.50 × | aim reached | 20.000 ms, PyTorch 30.000 ms |"), table);
        assertTrue(table.contains("| sampling step, batch 1 | torch.compile or CUDA graphs |  | 1.50 × | 3.00 × | not measured | Sirocco was not timed |"), table);
        assertTrue(table.contains("| memcheck-f32 | not possible here |  | 1 | no compute-sanitizer |"), table);
        assertEquals(1, report.json().get("benches").size());
        assertEquals(3, report.json().get("torch").get("steps").size());
        assertEquals(13, report.json().get("targets").size());
    }

    /** Kernels count as often as they are in a step; a peak is the larger of the two that were measured. */
    @Test
    void targetsAreOfAllShapesTogether() throws IOException {
        write("bench-train-128-bf16.json", """
            {"what": "train", "preset": "cifar10", "batch": 128, "precision": "bf16", "median_ms": 20.0, "gflop_per_s": 300000.0, "peak_gb_per_s": 1000, "peak_gflop_per_s": 500000,
             "kernels": [{"kind": "Conv2d", "shape": "[128,32,32,128] → 128, 3×3 pad 1", "count": 2, "nanos": 4000},
                         {"kind": "Conv2d", "shape": "[128,8,8,256] → 256, 3×3 pad 1", "count": 1, "nanos": 1000},
                         {"kind": "Conv2d", "shape": "[128,4,4,256] → 256, 3×3 pad 1", "count": 1, "nanos": 1000},
                         {"kind": "Conv2d", "shape": "[128,8,8,256] → 256, 1×1 pad 0", "count": 1, "nanos": 9000},
                         {"kind": "AttentionBackward", "shape": "[128,16,16,256]", "count": 5, "nanos": 5000},
                         {"kind": "Noising", "shape": "[128,32,32,3]", "count": 1, "nanos": 1000, "bytes": 1500000},
                         {"kind": "AdamEma", "shape": "", "count": 1, "nanos": 100000, "bytes": 190000000}]}""");
        write("torch-peaks.json", """
            {"torch": "2.x", "peaks": {"copy_gb_per_s": 2000, "product_bf16_tflop_per_s": 800}}""");
        write("torch-kernels.json", """
            {"torch": "2.x", "kernels": [{"kind": "Conv2d", "shape": "[128,32,32,128] → 128, 3×3 pad 1", "precision": "bf16", "ms": 0.0018},
                                         {"kind": "Conv2d", "shape": "[128,8,8,256] → 256, 3×3 pad 1", "precision": "bf16", "ms": 0.0004},
                                         {"kind": "AttentionBackward", "shape": "[128,16,16,256]", "precision": "bf16", "ms": 0.0005}]}""");
        String table = new GpuReport(folder).markdown();
        assertTrue(table.contains("| 3×3 convolution, forward, batch 128 | cuDNN | 0.80 × | 0.70 × | 1.10 × | enough "
                + "| 2 shapes, worst 0.40 × at Conv2d [128,8,8,256] → 256, 3×3 pad 1; 1 more have no time of PyTorch's |"), table);
        assertTrue(table.contains("| scaled_dot_product_attention | 0.50 × | 0.80 × | 1.30 × | **too slow** |"), table);
        assertTrue(table.contains("| noising | launch and copy | 1.0 µs | 4.0 µs | 2.8 µs | aim reached | 1.5 MB, 0.8 µs at the measured copy's rate |"), table);
        assertTrue(table.contains("| AdamEma | measured copy | 95 % | 75 % | 90 % | aim reached | 1900 of 2000 GB/s |"), table);
        assertTrue(table.contains("| the same | measured matrix product | 38 % |  | 40 % |  | 300.0 of 800.0 TFLOP/s, 50.0 steps/s |"), table);
    }

    /** Shares of a peak are of peaks that the same call has measured: between two calls the GPU, or its clocks, may be others. */
    @Test
    void sharesAreOfPeaksOfTheSameCall() throws IOException {
        String bench = """
            {"what": "train", "preset": "cifar10", "batch": 128, "precision": "bf16", "median_ms": 15.0, "properties": {%s},
             "kernels": [{"kind": "Conv2d", "shape": "s", "algorithm": "%s", "count": 1, "nanos": 100000, "flops": 40000000000, "bytes": 1000}]}""";
        write("bench-train-128-bf16.json", bench.formatted("", "v4 256x128 bf16"));
        write("bench-train-128-bf16-v5.json", bench.formatted("\"sirocco.cuda.kernels\": \"conv2d=v5\"", "v5 256x128 bf16"));
        write("torch-peaks-1.json", "{\"peaks\": {\"copy_gb_per_s\": 4000, \"product_bf16_tflop_per_s\": 800}}");
        write("torch-peaks-2.json", "{\"peaks\": {\"copy_gb_per_s\": 4000, \"product_bf16_tflop_per_s\": 500}}");
        write("stages.json", """
            {"calls": 3, "hardware": "a GPU", "stages": {}, "files": {"torch-peaks-1.json": 1, "torch-peaks-2.json": 2, "bench-train-128-bf16.json": 1,
             "bench-train-128-bf16-v5.json": 2}}""");
        String table = new GpuReport(folder).markdown();
        assertTrue(table.contains("| convolution level 4, forward and backward-data | 42 % – 50 % of limit | 50 % | as predicted | 1 shape, 0.10 ms of the step |"), table);
        assertTrue(table.contains("| convolution level 5, forward and backward-data | 68 % – 80 % of limit | 80 % | as predicted | 1 shape, 0.10 ms of the step, conv2d=v5 |"), table);
        assertTrue(table.contains("| training step, batch 128 | 14.0 ms – 18.0 ms  | 15.0 ms | as predicted |"), table);
        assertTrue(table.contains("| Conv2d | s | v4 256x128 bf16 | 100.0 | 50 % | v5 256x128 bf16 | 100.0 | 80 % | 1.00 × |"), table);
        write("stages.json", "{\"calls\": 3, \"hardware\": \"a GPU\", \"stages\": {}, \"files\": {\"torch-peaks-1.json\": 1, \"bench-train-128-bf16.json\": 3}}");
        String without = new GpuReport(folder).markdown();
        assertTrue(without.contains("| convolution level 4, forward and backward-data | 42 % – 50 % of limit |  | not measured |"), without);
    }

    /** Rows that were computed by hand-tuned kernels say nothing of TornadoVM's. */
    @Test
    void tornadoVmsKernelsAreHeldToOurs() throws IOException {
        write("tornado-train-f32.json", """
            {"what": "train", "preset": "cifar10", "batch": 32, "backends": [
             {"backend": "cuda", "precision": "f32", "kernels": [
                {"kind": "Conv2d", "shape": "[1,2,3,4] → 5, 3×3 pad 1", "algorithm": "v2", "nanos": 3000, "flops": 9},
                {"kind": "Conv2dBackwardData", "shape": "[1,2,3,4] → 5, 3×3 pad 1", "algorithm": "v2", "nanos": 1000, "flops": 9},
                {"kind": "Conv2d", "shape": "[1,2,3,4] → 5, 1×1 pad 0", "algorithm": "v2", "nanos": 100, "flops": 9},
                {"kind": "Silu", "shape": "[1,2,3,4]", "algorithm": "v1", "nanos": 60, "flops": 0},
                {"kind": "Add", "shape": "[1,2,3,4]", "algorithm": "v1", "nanos": 10, "flops": 0}]},
             {"backend": "tornado", "precision": "f32", "kernels": [
                {"kind": "Conv2d", "shape": "[1,2,3,4] → 5, 3×3 pad 1", "algorithm": "64x64", "nanos": 6000, "flops": 9},
                {"kind": "Conv2dBackwardData", "shape": "[1,2,3,4] → 5, 3×3 pad 1", "algorithm": "64x64", "nanos": 4000, "flops": 9},
                {"kind": "Conv2d", "shape": "[1,2,3,4] → 5, 1×1 pad 0", "algorithm": "64x64", "nanos": 9000, "flops": 9},
                {"kind": "Silu", "shape": "[1,2,3,4]", "algorithm": "", "nanos": 100, "flops": 0},
                {"kind": "Add", "shape": "[1,2,3,4]", "algorithm": "cuda v1", "nanos": 10, "flops": 0}]}]}""");
        GpuReport report = new GpuReport(folder);
        String table = report.markdown();
        assertTrue(table.contains("| 3×3 convolutions, all passes | our CUDA kernels | 0.40 × | 0.30 × | 1.00 × | enough "
                + "| 2 ops and shapes, worst 0.25 × at Conv2dBackwardData [1,2,3,4] → 5, 3×3 pad 1 |"), table);
        assertTrue(table.contains("| kernels that the bandwidth bounds | our CUDA kernels | 0.60 × | 0.70 × | 1.00 × | **too slow** | 1 ops and shapes, worst 0.60 × at Silu [1,2,3,4] |"),
                table);
        assertEquals(2, report.json().get("tornado_targets").size());
    }

    @Test
    void failuresAndWhatWasCutOffAreNamed() throws IOException {
        write("check-f32.json", """
            {"device": "a GPU", "complete": false, "passed": 1, "failed": 1, "skipped": 0,
             "checks": [{"group": "ops", "case": "Silu", "verdict": "passed", "share_of_tolerance": 0.5, "problems": []},
                        {"group": "ops", "case": "Add", "verdict": "failed", "share_of_tolerance": null, "problems": ["illegal address"]}]}""");
        write("bench-train-128-bf16.json", "{\"what\": \"tra");
        String table = new GpuReport(folder).markdown();
        assertTrue(table.contains("| f32, cut off | 1 | 1 | 0 | Infinity |"), table);
        assertTrue(table.contains("- FAILED, f32, ops: Add: illegal address"), table);
        assertTrue(table.contains("- bench-train-128-bf16.json cannot be read"), table);
    }

    @Test
    void tellsStepsWhoseKernelsOverlapFromOthers() throws IOException {
        String bench = "{\"what\": \"sample\", \"preset\": \"cifar10\", \"batch\": 1, \"precision\": \"bf16\", \"median_ms\": %s, \"device\": \"%s\", \"properties\": {%s}}";
        write("bench-sample-1-bf16.json", bench.formatted("2.0", "a GPU", ""));
        write("bench-sample-1-bf16-overlapping.json", bench.formatted("1.5", "a GPU, kernels overlapping", "\"sirocco.cuda.programmatic\": \"true\""));
        write("torch-steps-bf16.json", "{\"steps\": [{\"what\": \"sample\", \"batch\": 1, \"precision\": \"bf16\", \"mode\": \"compile+graphs\", \"ms\": 6.5}, "
                + "{\"what\": \"sample\", \"batch\": 1, \"precision\": \"bf16\", \"mode\": \"compile+graphs\", \"weights\": \"bf16\", \"ms\": 6.0}]}");
        String table = new GpuReport(folder).markdown();
        assertTrue(table.startsWith("a GPU\n"), table);
        assertTrue(table.contains("| cifar10 sample, batch 1, bf16 | 2.000 |"), table);
        assertTrue(table.contains("| cifar10 sample, batch 1, bf16, kernels overlapping | 1.500 |"), table);
        assertTrue(table.lines().anyMatch(l -> l.startsWith("| sampling step, batch 1 |") && l.contains("3.00 ×")), "targets are for what users have: " + table);
    }

    @Test
    void anEmptyFolderIsAnEmptyReport() throws IOException {
        assertEquals("", new GpuReport(folder).markdown());
    }
}
