package sirocco.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import sirocco.train.SettingPath;
import sirocco.train.TrainConfig;

/** The flags of {@code train}, made from the records of {@link TrainConfig}: for each setting one by its path and a short one. */
final class TrainFlags {
    private static final JsonMapper JSON = new JsonMapper();
    private static final List<SettingPath> SETTINGS = SettingPath.of(TrainConfig.class);

    private TrainFlags() { }

    static void addTo(CommandSpec spec) {
        JsonNode defaults = JSON.valueToTree(TrainConfig.DEFAULT);
        for (SettingPath setting : SETTINGS) {
            JsonNode value = defaults.at("/" + String.join("/", setting.names()));
            String text = value.isArray() ? "the model's" : value.asText().isEmpty() ? "none" : value.asText();
            var option = OptionSpec.builder(shortFlag(setting), flag(setting)).paramLabel(setting.type() == String.class ? "TEXT" : "N")
                    .description(setting.help() + "; default: " + text);
            if (setting.type() == boolean.class) {
                option.type(Boolean.class).arity("0..1").fallbackValue("true").paramLabel("true|false");
            } else if (isList(setting)) {
                option.type(String.class).paramLabel("N,N,…");
            } else {
                option.type(boxed(setting.type()));
            }
            spec.addOption(option.build());
        }
    }

    /** {@code base}, changed by the file if there is one, changed by the flags that were given. */
    static TrainConfig read(ParseResult parsed, TrainConfig base, Optional<Path> file) throws IOException {
        TrainConfig config = base;
        if (file.isPresent()) {
            if (Files.isDirectory(file.get())) {
                throw new IllegalArgumentException("--config " + file.get() + ": this is a folder, expected a file such as a run's " + TrainingRun.CONFIG);
            }
            config = TrainConfig.parse(Files.readString(file.get()), config, file.get().toString());
        }
        return TrainConfig.parse(given(parsed).toString(), config, "command line");
    }

    /** The settings given as flags, as a tree. */
    private static ObjectNode given(ParseResult parsed) {
        ObjectNode given = JSON.createObjectNode();
        for (SettingPath setting : SETTINGS) {
            String flag = flag(setting);
            if (parsed.hasMatchedOption(flag)) {
                Object value = parsed.matchedOptionValue(flag, null);
                ObjectNode section = given;
                for (String name : setting.names().subList(0, setting.names().size() - 1)) {
                    section = section.withObjectProperty(name);
                }
                section.set(setting.names().getLast(), JSON.valueToTree(isList(setting) ? numbers(shortFlag(setting), (String) value) : value));
            }
        }
        return given;
    }

    private static boolean isList(SettingPath setting) {
        return setting.type() == List.class;
    }

    /** An empty text is an empty list: back to the model's. */
    private static List<Integer> numbers(String flag, String text) {
        try {
            return text.isBlank() ? List.of() : Stream.of(text.split(",", -1)).map(String::strip).map(Integer::valueOf).toList();
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(flag + " " + text + ": expected integers with commas between", e);
        }
    }

    /** {@code --optimizer.learning-rate} */
    static String flag(SettingPath setting) {
        return "--" + setting.names().stream().map(TrainFlags::hyphenated).collect(Collectors.joining("."));
    }

    /** {@code --learning-rate} */
    static String shortFlag(SettingPath setting) {
        return "--" + hyphenated(setting.flat());
    }

    private static String hyphenated(String name) {
        return name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    }

    private static Class<?> boxed(Class<?> type) {
        return type == int.class ? Integer.class : type == long.class ? Long.class : type == double.class ? Double.class : type;
    }
}
