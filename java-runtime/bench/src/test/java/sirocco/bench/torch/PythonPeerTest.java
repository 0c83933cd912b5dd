package sirocco.bench.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sirocco.api.DType;
import sirocco.api.Value;
import sirocco.testkit.OpCase;
import sirocco.testkit.ReferenceExecutable;
import sirocco.torch.TorchCall;
import sirocco.torch.TorchProgram;

/**
 * build-scripts/torch-peer/network.py makes of each program what the graph says. PyTorch is replaced by a few functions of numpy in double precision, so
 * this tests what is called with which arguments, not PyTorch.
 */
class PythonPeerTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path temp;

    @BeforeAll
    static void needsPython() throws Exception {
        try {
            Process python = new ProcessBuilder("python3", "-c", "import numpy").redirectErrorStream(true).start();
            String said = new String(python.getInputStream().readAllBytes());
            assumeTrue(python.waitFor() == 0, () -> "python3 has no numpy, which stands for PyTorch here: " + said);
        } catch (IOException e) {
            assumeTrue(false, "no python3 on the PATH, so the scripts of torch-peer are not tested (" + e.getMessage() + ")");
        }
    }

    private record Job(ForwardCase forward, TorchProgram program, ReferenceExecutable reference) { }

    private static ObjectNode json(Job job) throws IOException {
        Map<String, Value> named = job.forward.graph().values().stream().filter(Value::persistent).collect(Collectors.toMap(Value::name, v -> v));
        ObjectNode node = JSON.createObjectNode();
        node.set("program", JSON.readTree(job.program.toJson()));
        ObjectNode weights = node.putObject("weights");
        for (TorchProgram.Weight w : job.program.parameters()) {
            weights.set(w.name(), numbers(job.reference, named.get(w.name()), w.channelsFirst()));
        }
        ObjectNode inputs = node.putObject("inputs");
        for (TorchProgram.Input i : job.program.inputs()) {
            inputs.set(i.name(), numbers(job.reference, named.get(i.name()), i.channelsFirst()));
        }
        return node;
    }

    private static ArrayNode numbers(ReferenceExecutable reference, Value v, boolean channelsFirst) {
        float[] values = OpCase.read(reference, v);
        ArrayNode array = JSON.createArrayNode();
        for (float x : channelsFirst ? ForwardCase.channelsFirst(values, v) : values) {
            if (v.dtype() == DType.F32) {
                array.add((double) x);
            } else {
                array.add((int) x);
            }
        }
        return array;
    }

    private JsonNode run(ArrayNode jobs) throws Exception {
        Path script = Path.of(PythonPeerTest.class.getResource("/torch-peer/run.py").toURI());
        Path peer = Path.of(System.getProperty("sirocco.root"), "build-scripts", "torch-peer");
        Path results = temp.resolve("results.json");
        Path errors = temp.resolve("errors.txt");
        Process python = new ProcessBuilder("python3", script.toString(), peer.toString()).redirectOutput(results.toFile()).redirectError(errors.toFile()).start();
        try (OutputStream in = python.getOutputStream()) {
            JSON.writeValue(in, jobs);
        } catch (IOException e) {
            // it ended early, and says why
        }
        assertEquals(0, python.waitFor(), () -> text(errors));
        return JSON.readTree(results.toFile());
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }

    @Test
    void everyForwardPassIsThatOfItsGraph() throws Exception {
        List<Job> jobs = new ArrayList<>();
        ArrayNode json = JSON.createArrayNode();
        for (ForwardCase f : ForwardCase.all()) {
            for (TorchProgram program : f.programs()) {
                Job job = new Job(f, program, f.reference());
                jobs.add(job);
                json.add(json(job));
            }
        }
        JsonNode results = run(json);
        List<String> wrong = new ArrayList<>();
        for (int i = 0; i < jobs.size(); i++) {
            Job job = jobs.get(i);
            job.reference.run();
            for (int k = 0; k < job.program.outputs().size(); k++) {
                Value v = job.forward.graph().outputs().get(k);
                JsonNode numbers = results.get(i).get(k);
                float[] actual = new float[numbers.size()];
                for (int e = 0; e < actual.length; e++) {
                    actual[e] = (float) numbers.get(e).asDouble();
                }
                float[] logical = job.program.outputs().get(k).channelsFirst() ? ForwardCase.channelsLast(actual, v) : actual;
                job.forward.tolerance(v, 1).violation(v, logical, job.reference.readExact(v)).ifPresent(w -> wrong.add(job.forward.name() + ": " + w));
            }
        }
        assertEquals(List.of(), wrong);
        TreeSet<String> made = jobs.stream().flatMap(j -> j.program.lines().stream()).map(l -> l.call().getClass().getSimpleName()).collect(Collectors.toCollection(TreeSet::new));
        TreeSet<String> missing = Stream.of(TorchCall.class.getPermittedSubclasses()).map(Class::getSimpleName).collect(Collectors.toCollection(TreeSet::new));
        missing.removeAll(made);
        assertEquals(new TreeSet<>(List.of("Draw", "Dropout")), missing);
        assertTrue(jobs.size() > 100, "programs: " + jobs.size());
    }
}
