package sirocco.check;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import sirocco.check.Stage.Unavailable;
import sirocco.nn.unet.UNetConfig;

/**
 * Command lines of the stages of gpu-check.
 *
 * @param device of the backend and of PyTorch
 * @param golden folder of golden data
 * @param torchPeer folder of the scripts that time PyTorch
 * @param tries variants that {@code tune} tries; empty for all
 */
record StageCommands(int device, Optional<Path> golden, Optional<Path> torchPeer, List<String> tries) {
    /** Kernels whose starts overlap the ends of those before them. */
    static final Map<String, String> OVERLAPPING = Map.of("sirocco.cuda.programmatic", "true");
    private static final String NETWORKS = "networks.json";
    /** Options of check. */
    static final List<String> NO_CASES = List.of("--cases", "^$");
    static final List<String> ONLY_CASES = List.of("--steps", "0", "--chain", "0");

    /** A list of what is given: texts, and lists of them. */
    private static List<String> list(Object... parts) {
        return Stream.of(parts).flatMap(p -> p instanceof List<?> l ? l.stream() : Stream.of(p)).map(Object::toString).toList();
    }

    /** A command of Sirocco with the GPU's flags. */
    private List<String> sirocco(Map<String, String> properties, String command, String precision, Object... arguments) {
        return ThisProgram.command(properties, list(command, "--backend", "cuda", "--device", device, "--precision", precision, "--tuning", "none", list(arguments)));
    }

    List<List<String>> info() {
        List<List<String>> commands = new ArrayList<>();
        commands.add(ThisProgram.command(Map.of(), List.of("info")));
        find("nvidia-smi").ifPresent(smi -> {
            commands.add(list(smi));
            commands.add(list(smi, "-q", "-i", device));
        });
        find("python3").ifPresent(python -> commands.add(list(python, "--version")));
        find("lscpu").ifPresent(lscpu -> commands.add(list(lscpu)));
        return commands;
    }

    List<String> goldenData() throws Unavailable {
        return list("--golden", golden.orElseThrow(() -> new Unavailable("no golden data, so no comparison with PyTorch's answers; --golden names their folder")));
    }

    /** @param patience seconds after which a check that has not answered counts as deadlocked */
    List<String> check(String name, String precision, int patience, Map<String, String> properties, Object... arguments) {
        return sirocco(properties, "check", precision, "--patience", patience, "--json", name + ".json", list(arguments));
    }

    List<String> bench(String name, String what, int batch, String precision, Map<String, String> properties, Object... arguments) {
        return sirocco(properties, "bench", precision, "--what", what, "--batch", batch, "--json", name + ".json", list(arguments));
    }

    /** A variant that faults ends the process that tunes: only those are tried that a check has seen pass. */
    List<String> tune(Path folder, String precision, Object... arguments) {
        String checked = "check-" + precision + ".json";
        return sirocco(Map.of(), "tune", precision, "--out", "tuning.json", tries.isEmpty() ? List.of() : List.of("--try", String.join(",", tries)),
                Files.exists(folder.resolve(checked)) ? List.of("--checked", checked) : List.of(), list(arguments));
    }

    List<String> sanitizer(String tool, String precision) throws Unavailable {
        String sanitizer = find("compute-sanitizer").orElseThrow(() -> new Unavailable("no compute-sanitizer (part of the CUDA toolkit) on this machine"));
        return list(sanitizer, "--tool", tool, "--target-processes", "all", "--error-exitcode", 9, check("check-" + tool + "-" + precision, precision, 120, Map.of(),
                "--small", "--all-variants", "--cases", "conv|attention|norm", ONLY_CASES));
    }

    List<String> tornado(Path folder, Object... arguments) throws IOException, Unavailable {
        String said = InfoLog.backend(folder.resolve(GpuStages.INFO + ".log"), "tornado");
        if (!said.startsWith("available")) {
            throw new Unavailable("no TornadoVM to time beside CUDA: " + said);
        }
        // Driven by OpenCL it has its own kernels only.
        return sirocco(Map.of(), "bench", "f32", "--beside", "tornado:" + device, "--what", "train", "--batch", 16, "--json", "tornado-train-16-f32.json",
                said.contains("(CUDA)") ? List.of("--kernel", "*=tornado") : List.of(), list(arguments));
    }

    boolean hasTorch() {
        return find("python3").isPresent() && torchPeer.isPresent();
    }

    List<String> torch(String name, Object... arguments) throws Unavailable {
        String python = find("python3").orElseThrow(() -> new Unavailable("no python3 on the PATH"));
        Path peer = torchPeer.orElseThrow(() -> new Unavailable("no folder of the scripts that time PyTorch"));
        return list(python, "-u", peer, list(arguments), "--out", name + ".json", "--device", "cuda:" + device);
    }

    /** Steps of the CIFAR-10 model; writes their networks to {@value #NETWORKS}. */
    List<String> torchSteps(Path folder, String name, String precision, String steps, String modes) throws IOException, Unavailable {
        List<String> command = torch(name, "steps", "--networks", NETWORKS, "--precision", precision, "--steps", steps, "--modes", modes);
        TorchNetworks.write(folder.resolve(NETWORKS), UNetConfig.cifar10(), StepBatch.parse("--steps", List.of(steps.split(","))));
        return command;
    }

    /** Kernels at the shapes that were timed. */
    List<String> torchKernels(Path folder, String name, String kinds, String... benches) throws Unavailable {
        List<String> command = new ArrayList<>(torch(name, "kernels", "--kinds", kinds));
        List<String> there = Stream.of(benches).map(b -> b + ".json").filter(b -> Files.exists(folder.resolve(b))).toList();
        if (there.isEmpty()) {
            throw new Unavailable("the shapes are not known before a stage bench-train-* has timed them");
        }
        there.forEach(b -> command.addAll(List.of("--bench", b)));
        return command;
    }

    /** A program on the PATH, or in the CUDA toolkit's usual place. */
    private static Optional<String> find(String program) {
        List<Path> folders = new ArrayList<>();
        for (String folder : System.getenv().getOrDefault("PATH", "").split(":")) {
            if (!folder.isEmpty()) {
                folders.add(Path.of(folder));
            }
        }
        try (DirectoryStream<Path> toolkits = Files.newDirectoryStream(Path.of("/usr/local"), "cuda*")) {
            toolkits.forEach(t -> folders.add(t.resolve("bin")));
        } catch (IOException e) {
            // none there
        }
        return folders.stream().map(f -> f.resolve(program)).filter(Files::isExecutable).map(Path::toString).findFirst();
    }
}
