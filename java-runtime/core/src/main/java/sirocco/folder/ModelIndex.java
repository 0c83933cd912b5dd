package sirocco.folder;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import sirocco.io.JsonFields;
import sirocco.io.MalformedFileException;

/**
 * A {@code model_index.json}: the class of a pipeline and of each of its components.
 *
 * @param components class name by the component's name, which is also that of its sub-folder; components that are null are absent
 */
record ModelIndex(JsonFields json, Map<String, String> components, ClassLabels labels) {
    /**
     * The release of diffusers whose keys are written. It is recorded, as diffusers does, so that later releases can tell what an absent key means.
     */
    static final String DIFFUSERS_VERSION = "0.40.0";

    /** Reads an index. Sub-folders are not touched. */
    static ModelIndex read(Path file) throws IOException {
        JsonFields json = JsonFields.read(file);
        Map<String, String> components = new LinkedHashMap<>();
        for (String key : json.keys()) {
            if (key.startsWith("_") || key.equals(ClassLabels.NAMES) || !json.isList(key)) {
                continue;
            }
            JsonNode entry = json.get(key);
            if (entry.size() != 2 || !(entry.get(1).isTextual() || entry.get(0).isNull() && entry.get(1).isNull())) {
                throw new MalformedFileException(file, key + " is " + entry + " (expected [library, class], or [null, null])");
            }
            if (!key.matches("[A-Za-z0-9_][A-Za-z0-9_.-]*")) {
                throw new MalformedFileException(file, "component \"" + key + "\": its name is not that of a sub-folder");
            }
            if (entry.get(1).isTextual()) {
                components.put(key, entry.get(1).textValue());
            }
        }
        return new ModelIndex(json, components, ClassLabels.read(json));
    }

    /** Refuses keys that are neither components nor known, since what is not understood cannot be followed. */
    void refuseOthers() {
        json.refuseOthers();
    }

    static String write(String pipeline, Map<String, String> components, ClassLabels labels) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("_class_name", pipeline);
        json.put("_diffusers_version", DIFFUSERS_VERSION);
        labels.write(json);
        components.forEach((name, type) -> json.putArray(name).add("diffusers").add(type));
        return json.toPrettyString() + "\n";
    }
}
