package sirocco.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import sirocco.io.JsonErrors;

/**
 * JSON of a tree of records. Two forms are read: the tree, {@code {"optimizer": {"learningRate": 1e-4}}}, and the flat form that earlier versions wrote,
 * {@code {"learningRate": 1e-4}}, by the name in {@link Setting#flat}. The tree is written.
 */
final class ConfigJson {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .build();

    private ConfigJson() { }

    /**
     * Reads the settings that a JSON text gives.
     *
     * @param root the record at the root of the tree
     * @param where what to call the text in an error
     * @return by {@link SettingPath#text}
     * @throws IllegalArgumentException if it is not a JSON object, or names a setting that does not exist or names one twice
     */
    static Map<String, JsonNode> read(String json, Class<? extends Record> root, String where) {
        try {
            if (!(JSON.readTree(json) instanceof ObjectNode given)) {
                throw new IllegalArgumentException(where + ": expected a JSON object of settings");
            }
            Map<String, JsonNode> settings = new LinkedHashMap<>();
            List<SettingPath> all = SettingPath.of(root);
            given.properties().forEach(e -> {
                // "data" is a section of the tree and a text in the flat form.
                boolean section = e.getValue().isObject() && all.stream().anyMatch(p -> p.names().getFirst().equals(e.getKey()));
                SettingPath flat = section ? null : all.stream().filter(p -> p.flat().equals(e.getKey())).findFirst().orElse(null);
                if (flat != null) {
                    put(settings, flat.text(), e.getValue(), where);
                } else {
                    collect(e.getKey(), e.getValue(), all, settings, where);
                }
            });
            return settings;
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(where + ": not valid JSON: " + JsonErrors.describe(e), e);
        }
    }

    private static void collect(String path, JsonNode value, List<SettingPath> all, Map<String, JsonNode> settings, String where) {
        if (all.stream().anyMatch(p -> p.text().equals(path))) {
            put(settings, path, value, where);
            return;
        }
        List<SettingPath> inside = all.stream().filter(p -> p.text().startsWith(path + ".")).toList();
        if (inside.isEmpty()) {
            throw new IllegalArgumentException(where + ": \"" + path + "\" is not a setting. The nearest is \""
                    + SettingPath.nearest(path, all).text() + "\".");
        }
        if (!value.isObject()) {
            throw new IllegalArgumentException(where + ": \"" + path + "\" is a section (expected an object with "
                    + inside.stream().map(p -> p.text().substring(path.length() + 1)).collect(Collectors.joining(", ")) + ", got " + value + ").");
        }
        value.properties().forEach(e -> collect(path + "." + e.getKey(), e.getValue(), all, settings, where));
    }

    private static void put(Map<String, JsonNode> settings, String path, JsonNode value, String where) {
        if (settings.put(path, value) != null) {
            throw new IllegalArgumentException(where + ": \"" + path + "\" is given twice, in the tree and in the flat form. Remove one.");
        }
    }

    /**
     * Changes settings of a tree.
     *
     * @param settings as {@link #read} returns them
     * @throws IllegalArgumentException naming the setting whose value is not possible
     */
    static <T extends Record> T with(T base, Map<String, JsonNode> settings, String where) {
        ObjectNode merged = JSON.valueToTree(base);
        settings.forEach((path, value) -> {
            int last = path.lastIndexOf('.');
            ((ObjectNode) merged.at("/" + path.substring(0, last).replace('.', '/'))).set(path.substring(last + 1), value);
        });
        try {
            @SuppressWarnings("unchecked")
            T changed = (T) JSON.treeToValue(merged, base.getClass());
            return changed;
        } catch (JsonMappingException e) {
            if (e.getCause() instanceof IllegalArgumentException bad) {
                throw new IllegalArgumentException(where + ": " + bad.getMessage(), e);
            }
            String path = e.getPath().stream().map(JsonMappingException.Reference::getFieldName).filter(Objects::nonNull).collect(Collectors.joining("."));
            throw new IllegalArgumentException(where + ": " + path + ": " + JsonErrors.describe(e), e);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of JSON nodes is always valid", e);
        }
    }

    /** Returns the tree as JSON, over several lines. */
    static String write(Record config) {
        try {
            return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(config) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a configuration always has a JSON form", e);
        }
    }
}
