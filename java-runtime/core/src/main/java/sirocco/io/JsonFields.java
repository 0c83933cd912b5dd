package sirocco.io;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
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

/** The fields of a JSON object in a file. Each is read by key, type and default; a value of another type is an error that names the file. */
public final class JsonFields {
    /** Largest configuration file that is read, in bytes. */
    public static final int MAX_BYTES = 1 << 20;

    /** Python writes infinities as Infinity, which strict JSON lacks. */
    private static final JsonMapper MAPPER = JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    private final Path file;
    private final String text;
    private final ObjectNode object;
    private final Set<String> asked = new HashSet<>();

    private JsonFields(Path file, String text, ObjectNode object) {
        this.file = file;
        this.text = text;
        this.object = object;
    }

    /** Reads a file of at most {@link #MAX_BYTES} bytes, see {@link #read(Path, int)}. */
    public static JsonFields read(Path file) throws IOException {
        return read(file, MAX_BYTES);
    }

    /**
     * Reads a file.
     *
     * @param limit largest file that is read, in bytes
     * @throws IOException if the file cannot be read, is larger than {@code limit}, or does not contain a JSON object in UTF-8
     */
    public static JsonFields read(Path file, int limit) throws IOException {
        long size = Files.size(file);
        if (size > limit) {
            throw new MalformedFileException(file, "file is too large: " + size + " bytes (limit " + limit + ")");
        }
        byte[] bytes = Files.readAllBytes(file);
        GitLfs.refusePointer(file, bytes);
        String text;
        try {
            text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            throw new MalformedFileException(file, "not valid JSON: the text is not UTF-8", e);
        }
        try {
            JsonNode node = MAPPER.readTree(text);
            if (!(node instanceof ObjectNode object)) {
                throw new MalformedFileException(file, "expected a JSON object, found " + shown(node));
            }
            return new JsonFields(file, text, object);
        } catch (JsonProcessingException e) {
            throw new MalformedFileException(file, "not valid JSON: " + JsonErrors.describe(e), e);
        }
    }

    /** Returns the file's text. */
    public String text() {
        return text;
    }

    /** Returns the keys in the order of the file. */
    public List<String> keys() {
        List<String> keys = new ArrayList<>();
        object.fieldNames().forEachRemaining(keys::add);
        return keys;
    }

    /** Returns the value of a key as it is; a missing node if the key is absent. */
    public JsonNode get(String key) {
        asked.add(key);
        return object.path(key);
    }

    /** Returns true if the key is present, even if its value is null. */
    public boolean has(String key) {
        return object.has(key);
    }

    /** Returns true if the value of a key is a list. */
    public boolean isList(String key) {
        return object.path(key).isArray();
    }

    /** Accepts keys whose values have no meaning here. */
    public void ignore(String... keys) {
        asked.addAll(List.of(keys));
    }

    /** Returns a text; empty if the key is absent or its value is null. */
    public Optional<String> text(String key) {
        asked.add(key);
        JsonNode node = object.path(key);
        if (node.isMissingNode() || node.isNull()) {
            return Optional.empty();
        }
        if (!node.isTextual()) {
            throw wrong(key, "a text");
        }
        return Optional.of(node.textValue());
    }

    public int integer(String key, int absent) {
        return field(key, absent, JsonFields::isInt, JsonNode::intValue, "a whole number");
    }

    /** null in the file is empty. */
    public OptionalInt optionalInteger(String key, OptionalInt absent) {
        if (has(key) && object.get(key).isNull()) {
            ignore(key);
            return OptionalInt.empty();
        }
        return has(key) ? OptionalInt.of(integer(key, 0)) : absent;
    }

    public double number(String key, double absent) {
        return field(key, absent, JsonNode::isNumber, JsonNode::doubleValue, "a number");
    }

    public boolean flag(String key, boolean absent) {
        return field(key, absent, JsonNode::isBoolean, JsonNode::booleanValue, "true or false");
    }

    public List<Integer> integers(String key, List<Integer> absent) {
        return list(key, absent, JsonFields::isInt, JsonNode::intValue, "a list of whole numbers");
    }

    /** A list of two words: true where it is the second. */
    public List<Boolean> choices(String key, String first, String second, List<Boolean> absent) {
        return list(key, absent, n -> n.isTextual() && (n.textValue().equals(first) || n.textValue().equals(second)),
                n -> n.textValue().equals(second), "a list of \"" + first + "\" and \"" + second + "\"; other blocks are not supported");
    }

    /** One of some words, null among them where it is listed. */
    public String choice(String key, String absent, String... supported) {
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

    public void only(String key, String absent, String supported) {
        choice(key, absent, new String[] {supported});
    }

    public void onlyNumber(String key, double supported) {
        if (number(key, supported) != supported) {
            throw wrong(key, supported + " (nothing else is supported)");
        }
    }

    public void onlyFalse(String key) {
        if (flag(key, false)) {
            throw wrong(key, "false (nothing else is supported)");
        }
    }

    /** Refuses keys that were not read, since what is not understood cannot be followed. Keys that start with an underscore and null values are skipped. */
    public void refuseOthers() {
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

    /** Returns the error for a value that is not what was expected. */
    public IllegalArgumentException wrong(String key, String expected) {
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
