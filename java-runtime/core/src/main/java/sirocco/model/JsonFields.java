package sirocco.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import sirocco.io.JsonErrors;

/** The fields of a small JSON object: each is asked for by key, type and default, and a wrong one is an error that names the file. */
final class JsonFields {
    private static final long MAX_BYTES = 1 << 20;
    private static final JsonMapper MAPPER = JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    private final Path file;
    private final JsonNode object;
    private final Set<String> asked = new HashSet<>();

    private JsonFields(Path file, JsonNode object) {
        this.file = file;
        this.object = object;
    }

    /** @throws IOException if it cannot be read, is no JSON object, or is larger than such a file ever is */
    static JsonFields read(Path file) throws IOException {
        long size = Files.size(file);
        if (size > MAX_BYTES) {
            throw new IOException(file + ": a configuration of " + size + " bytes; at most " + MAX_BYTES + " are read");
        }
        JsonNode node;
        try {
            node = MAPPER.readTree(Files.readAllBytes(file));
        } catch (JsonProcessingException e) {
            throw new IOException(file + ": not valid JSON: " + JsonErrors.describe(e), e);
        }
        if (!node.isObject()) {
            throw new IOException(file + ": expected a JSON object, found " + shown(node));
        }
        return new JsonFields(file, node);
    }

    /** The whole object. */
    String text() {
        return object.toPrettyString() + "\n";
    }

    boolean has(String key) {
        return object.has(key);
    }

    int integer(String key, int absent) {
        return field(key, absent, JsonFields::isInt, JsonNode::intValue, "a whole number");
    }

    /** null in the file is empty. */
    OptionalInt optionalInteger(String key, OptionalInt absent) {
        if (has(key) && object.get(key).isNull()) {
            asked.add(key);
            return OptionalInt.empty();
        }
        return has(key) ? OptionalInt.of(integer(key, 0)) : absent;
    }

    double number(String key, double absent) {
        return field(key, absent, JsonNode::isNumber, JsonNode::doubleValue, "a number");
    }

    boolean flag(String key, boolean absent) {
        return field(key, absent, JsonNode::isBoolean, JsonNode::booleanValue, "true or false");
    }

    List<Integer> integers(String key, List<Integer> absent) {
        return list(key, absent, JsonFields::isInt, JsonNode::intValue, "a list of whole numbers");
    }

    /** A list of two words: true where it is the second. */
    List<Boolean> choices(String key, String first, String second, List<Boolean> absent) {
        return list(key, absent, n -> n.isTextual() && (n.textValue().equals(first) || n.textValue().equals(second)),
                n -> n.textValue().equals(second), "a list of \"" + first + "\" and \"" + second + "\"; other blocks are not supported");
    }

    /** One of some words, null among them where it is listed. */
    String choice(String key, String absent, String... supported) {
        asked.add(key);
        if (!has(key)) {
            return absent;
        }
        JsonNode node = object.get(key);
        for (String s : supported) {
            if (s == null ? node.isNull() : node.isTextual() && node.textValue().equals(s)) {
                return s;
            }
        }
        String words = Stream.of(supported).map(s -> s == null ? "null" : "\"" + s + "\"").collect(Collectors.joining(" or "));
        throw wrong(key, words + " (nothing else is supported)");
    }

    void only(String key, String absent, String supported) {
        choice(key, absent, new String[] {supported});
    }

    void onlyNumber(String key, double supported) {
        if (number(key, supported) != supported) {
            throw wrong(key, supported + " (nothing else is supported)");
        }
    }

    void onlyFalse(String key) {
        if (flag(key, false)) {
            throw wrong(key, "false (nothing else is supported)");
        }
    }

    /** An image size: one number for a square, or [height, width]; empty where it is left open, by null or by saying nothing. */
    Optional<ImageSize> size(String key) {
        asked.add(key);
        JsonNode node = object.path(key);
        if (node.isMissingNode() || node.isNull()) {
            return Optional.empty();
        }
        if (isInt(node)) {
            return Optional.of(ImageSize.square(node.intValue()));
        }
        if (node.isArray() && node.size() == 2) {
            List<Integer> both = integers(key, List.of());
            return Optional.of(new ImageSize(both.get(0), both.get(1)));
        }
        throw wrong(key, "the images' size in pixels, as one number or [height, width], or null");
    }

    /** Refuses keys that nobody asked for, and that say something: what is not understood cannot be followed. */
    void refuseOthers() {
        List<String> others = new ArrayList<>();
        for (Map.Entry<String, JsonNode> e : object.properties()) {
            if (!asked.contains(e.getKey()) && !e.getKey().startsWith("_") && !e.getValue().isNull()) {
                others.add(e.getKey() + " " + shown(e.getValue()));
            }
        }
        if (!others.isEmpty()) {
            throw new IllegalArgumentException(file + ": not supported: " + String.join(", ", others) + "; supported keys are "
                    + asked.stream().sorted().collect(Collectors.joining(", ")));
        }
    }

    private <T> T field(String key, T absent, Predicate<JsonNode> fits, Function<JsonNode, T> value, String expected) {
        asked.add(key);
        if (!has(key)) {
            return absent;
        }
        JsonNode node = object.get(key);
        if (!fits.test(node)) {
            throw wrong(key, expected);
        }
        return value.apply(node);
    }

    private <T> List<T> list(String key, List<T> absent, Predicate<JsonNode> fits, Function<JsonNode, T> value, String expected) {
        asked.add(key);
        if (!has(key)) {
            return absent;
        }
        JsonNode node = object.get(key);
        List<T> all = new ArrayList<>();
        for (JsonNode n : node) {
            if (!fits.test(n)) {
                throw wrong(key, expected);
            }
            all.add(value.apply(n));
        }
        if (!node.isArray()) {
            throw wrong(key, expected);
        }
        return all;
    }

    private IllegalArgumentException wrong(String key, String expected) {
        return new IllegalArgumentException(file + ": " + key + " is " + (has(key) ? shown(object.get(key)) : "missing") + ", expected " + expected);
    }

    private static boolean isInt(JsonNode node) {
        return node.isIntegralNumber() && node.canConvertToInt();
    }

    private static String shown(JsonNode node) {
        String text = node.toString();
        return text.length() <= 80 ? text : text.substring(0, 80) + "…";
    }
}
