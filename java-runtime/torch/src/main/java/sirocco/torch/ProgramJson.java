package sirocco.torch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.util.List;
import java.util.Optional;
import sirocco.api.Shape;

/** Writes a program as JSON: a record as an object of its components, a register as its number, a call with its name under {@value #CALL}. */
final class ProgramJson {
    private static final String CALL = "call";
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private ProgramJson() { }

    static String write(TorchProgram program) {
        try {
            return MAPPER.writeValueAsString(node(program));
        } catch (IOException e) {
            throw new UncheckedIOException(e); // a tree in memory can be written to a string
        }
    }

    private static JsonNode node(Object value) {
        return switch (value) {
            case Register r -> NODES.numberNode(r.number());
            case Shape s -> node(List.of(s.n(), s.h(), s.w(), s.c()));
            case Record r -> object(r);
            case Optional<?> o -> o.map(ProgramJson::node).orElse(NODES.nullNode());
            case List<?> all -> {
                ArrayNode array = NODES.arrayNode();
                all.forEach(v -> array.add(node(v)));
                yield array;
            }
            case Enum<?> e -> NODES.textNode(e.name());
            default -> MAPPER.valueToTree(value);
        };
    }

    private static ObjectNode object(Record r) {
        ObjectNode object = NODES.objectNode();
        if (r instanceof TorchCall) {
            object.put(CALL, r.getClass().getSimpleName());
        }
        for (RecordComponent c : r.getClass().getRecordComponents()) {
            object.set(c.getName(), node(Components.get(r, c)));
        }
        return object;
    }
}
