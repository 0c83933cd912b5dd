package sirocco.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import sirocco.nn.ImageSize;
import sirocco.nn.NetworkConfig;
import sirocco.onnx.FreeBatchException;
import sirocco.onnx.NetworkExport;
import sirocco.onnx.OnnxExport;
import sirocco.onnx.OnnxModel;
import sirocco.pipeline.DiffusionModel;

/** Writes a model's network as an ONNX file. */
@Command(name = "export", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Write a model's network as an ONNX file (operator set " + OnnxExport.OPSET + "), for ONNX Runtime and other runtimes.",
            "The file contains one forward pass of the network. The sampler is not part of it."},
        footerHeading = "%nTensors:%n",
        footer = {
            "  in:  sample float32 [batch,c,h,w], timestep float32 [batch], class_labels int64 [batch] if the model has classes,",
            "       low_res float32 [batch,c,h/k,w/k] if the model enlarges low-resolution images",
            "  out: out_sample float32 [batch,c,h,w]",
            "%nExamples:%n  sirocco export --model runs/demo --onnx demo.onnx",
            "  sirocco export --model runs/photos --onnx photos.onnx --batch 8 --image-size 48,64"})
final class ExportCommand implements Callable<Integer> {
    @Mixin
    ModelOption model;

    @Option(names = "--onnx", required = true, paramLabel = "FILE", description = "the file to write; its folder must exist")
    Path file;

    @Option(names = "--batch", paramLabel = "N", description = "fix the batch size; default: the file accepts any")
    Integer batch;

    @Option(names = "--image-size", split = ",", paramLabel = "N", description = "height and width of the images in pixels, or one number for both; default: the model's")
    List<Integer> imageSize = List.of();

    @Option(names = "--primitives", description = "write primitives only, without ONNX's operators for normalization, softmax and resizing: for runtimes that lack these")
    boolean primitives;

    @Spec
    CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        if (batch != null) {
            DeviceOptions.checkBatch(batch);
        }
        Optional<ImageSize> size = size();
        checkFile();
        DiffusionModel loaded = model.load(size, spec.commandLine().getErr());
        OnnxModel exported;
        try {
            exported = NetworkExport.of(loaded.weights(), batch == null ? OptionalInt.empty() : OptionalInt.of(batch), !primitives, Main.VERSION, loaded.schedulerJson());
        } catch (FreeBatchException e) {
            throw new IllegalArgumentException(e.getMessage() + " Use --batch N.", e);
        }
        exported.write(file);
        NetworkConfig config = loaded.config();
        PrintWriter out = spec.commandLine().getOut();
        out.printf(Locale.ROOT, "%s: %,d bytes, %d nodes, images [%s,%d,%d,%d]%n", file, exported.bytes(), exported.graph().nodes().size(),
                batch == null ? "batch" : batch.toString(), config.inChannels(), config.size().height(), config.size().width());
        out.flush();
        return 0;
    }

    private Optional<ImageSize> size() {
        return switch (imageSize.size()) {
            case 0 -> Optional.empty();
            case 1 -> Optional.of(ImageSize.square(imageSize.getFirst()));
            case 2 -> Optional.of(new ImageSize(imageSize.getFirst(), imageSize.getLast()));
            default -> throw new IllegalArgumentException("--image-size: expected N or H,W, got " + imageSize.size() + " numbers");
        };
    }

    /** Fails before a model is read that could not be written. */
    private void checkFile() {
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null || Files.isDirectory(file)) {
            throw new IllegalArgumentException("--onnx " + file + ": this is a folder (expected a file). Name a file in it.");
        }
        if (!Files.isDirectory(folder)) {
            throw new IllegalArgumentException("--onnx " + file + ": there is no folder " + folder + ". Create it, or name another file.");
        }
    }
}
