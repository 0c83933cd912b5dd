package sirocco.folder;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.stream.Collectors;
import sirocco.io.JsonFields;

/**
 * What a model folder says about classes.
 *
 * <p>Names are kept in {@code model_index.json} under {@value #NAMES}, an object from class numbers to names, because this is where diffusers keeps those of its
 * class-conditional pipelines ({@code DiTPipeline} reads them there) and pipelines that do not know the key skip it with a warning. As there, a name can be a
 * list of synonyms separated by commas. {@value #NULL_CLASS} beside it is the row of the class table that stands for "no class"; diffusers has no key for it.
 *
 * @param names name of each class by its number; may be empty
 * @param nullClass the class that classifier-free guidance steers away from; empty if the folder does not name one
 */
public record ClassLabels(NavigableMap<Integer, String> names, OptionalInt nullClass) {
    /** A folder that says nothing. */
    public static final ClassLabels NONE = new ClassLabels(new TreeMap<>(), OptionalInt.empty());

    static final String NAMES = "id2label";
    static final String NULL_CLASS = "null_class";

    private static final int IN_MESSAGE = 20;

    public ClassLabels {
        names = Collections.unmodifiableNavigableMap(new TreeMap<>(names));
    }

    /** Classes numbered from 0 in the order of their names. */
    public static ClassLabels of(List<String> names, OptionalInt nullClass) {
        NavigableMap<Integer, String> map = new TreeMap<>();
        for (String name : names) {
            map.put(map.size(), name);
        }
        return new ClassLabels(map, nullClass);
    }

    static ClassLabels read(JsonFields json) {
        NavigableMap<Integer, String> names = new TreeMap<>();
        JsonNode map = json.get(NAMES);
        if (!map.isMissingNode() && !map.isNull()) {
            String expected = "an object from class numbers to names";
            if (!map.isObject()) {
                throw json.wrong(NAMES, expected);
            }
            for (Map.Entry<String, JsonNode> e : map.properties()) {
                if (!e.getKey().matches("\\d{1,9}") || !e.getValue().isTextual() || names.putIfAbsent(Integer.valueOf(e.getKey()), e.getValue().textValue()) != null) {
                    throw json.wrong(NAMES, expected + " (entry \"" + e.getKey() + "\": " + e.getValue() + " is not one, or is there twice)");
                }
            }
        }
        return new ClassLabels(names, json.optionalInteger(NULL_CLASS, OptionalInt.empty()));
    }

    void write(ObjectNode index) {
        if (!names.isEmpty()) {
            ObjectNode map = index.putObject(NAMES);
            names.forEach((number, name) -> map.put(number.toString(), name));
        }
        nullClass.ifPresent(row -> index.put(NULL_CLASS, row));
    }

    /**
     * Checks that a model has the classes.
     *
     * @param rows rows of the model's class table; empty if it is unconditional
     * @throws IllegalArgumentException naming a class that the model does not have
     */
    public void check(String where, OptionalInt rows) {
        int largest = Math.max(names.isEmpty() ? -1 : names.lastKey(), nullClass.orElse(-1));
        if (nullClass.isPresent() && nullClass.getAsInt() < 0 || largest >= rows.orElse(0)) {
            throw new IllegalArgumentException(where + ": " + NAMES + " or " + NULL_CLASS + " names class " + (largest < 0 ? nullClass.getAsInt() : largest) + " (expected "
                    + (rows.isEmpty() ? "none, since the model is unconditional" : "classes 0 to " + (rows.getAsInt() - 1) + ", as its configuration says") + ").");
        }
    }

    /**
     * Returns the classes to sample from if none is requested: those with names, or all but the null class if none has a name.
     *
     * @param rows rows of the model's class table
     */
    public List<Integer> pictured(int rows) {
        List<Integer> all = new ArrayList<>(names.keySet());
        for (int i = 0; names.isEmpty() && i < rows; i++) {
            if (nullClass.isEmpty() || nullClass.getAsInt() != i) {
                all.add(i);
            }
        }
        all.removeIf(i -> nullClass.isPresent() && nullClass.getAsInt() == i);
        return all;
    }

    /**
     * Returns the number of a class.
     *
     * @param text a name, one of its synonyms, the same in another case if that is unambiguous, or a number; a name has precedence over a number
     * @param rows rows of the model's class table
     * @throws IllegalArgumentException if there is no such class; the message has the nearest name and the list
     */
    public int find(String text, int rows) {
        String wanted = text.strip();
        OptionalInt named = unique(wanted, false);
        if (named.isEmpty()) {
            named = unique(wanted, true);
        }
        if (named.isPresent()) {
            return named.getAsInt();
        }
        if (wanted.matches("\\d{1,9}") && Integer.parseInt(wanted) < rows) {
            return Integer.parseInt(wanted);
        }
        String numbers = "number from 0 to " + (rows - 1);
        if (names.isEmpty()) {
            throw new IllegalArgumentException("no such class (expected a " + numbers + "; the model has no class names).");
        }
        List<String> all = names.values().stream().flatMap(n -> synonyms(n).stream()).toList();
        throw new IllegalArgumentException("no such class (expected a name or a " + numbers + "). The nearest name is \"" + Nearest.of(wanted, all) + "\". Classes: " + list());
    }

    /** Returns numbers and names in one line, at most {@value #IN_MESSAGE} of them. */
    public String list() {
        return names.entrySet().stream().limit(IN_MESSAGE).map(e -> e.getKey() + " " + e.getValue()).collect(Collectors.joining(", "))
                + (names.size() > IN_MESSAGE ? ", … (" + names.size() + " in all)" : "");
    }

    private OptionalInt unique(String wanted, boolean anyCase) {
        List<Integer> found = names.entrySet().stream().filter(e -> e.getValue().equals(wanted) || synonyms(e.getValue()).stream()
                .anyMatch(s -> anyCase ? s.equalsIgnoreCase(wanted) : s.equals(wanted))).map(Map.Entry::getKey).toList();
        if (found.size() > 1) {
            throw new IllegalArgumentException("the name is ambiguous (classes " + found + "). Use the number.");
        }
        return found.isEmpty() ? OptionalInt.empty() : OptionalInt.of(found.getFirst());
    }

    private static List<String> synonyms(String name) {
        List<String> all = new ArrayList<>();
        for (String s : name.split(",")) {
            all.add(s.strip());
        }
        return all;
    }
}
