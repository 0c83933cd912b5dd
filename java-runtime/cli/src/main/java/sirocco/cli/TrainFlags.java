package sirocco.cli;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import sirocco.train.Setting;
import sirocco.train.TrainConfig;

/** The flags of {@code train}: one for each field of {@link TrainConfig}, made from the record itself. */
final class TrainFlags {
    private static final JsonMapper JSON = new JsonMapper();

    private TrainFlags() { }

    static void addTo(CommandSpec spec) {
        ObjectNode defaults = JSON.valueToTree(TrainConfig.DEFAULT);
        for (RecordComponent field : TrainConfig.class.getRecordComponents()) {
            var option = OptionSpec.builder(flag(field)).paramLabel(field.getType() == String.class ? "TEXT" : "N")
                    .description(field.getAnnotation(Setting.class).value() + "; default: " + text(defaults, field));
            if (field.getType() == boolean.class) {
                option.type(Boolean.class).arity("0..1").fallbackValue("true").paramLabel("true|false");
            } else if (isList(field)) {
                option.type(String.class).paramLabel("N,N,…");
            } else {
                option.type(boxed(field.getType()));
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

    /** The settings given as flags, by field. */
    static ObjectNode given(ParseResult parsed) {
        ObjectNode given = JSON.createObjectNode();
        for (RecordComponent field : TrainConfig.class.getRecordComponents()) {
            if (parsed.hasMatchedOption(flag(field))) {
                Object value = parsed.matchedOptionValue(flag(field), null);
                given.set(field.getName(), JSON.valueToTree(isList(field) ? numbers(flag(field), (String) value) : value));
            }
        }
        return given;
    }

    private static boolean isList(RecordComponent field) {
        return field.getType() == List.class;
    }

    /** An empty text is an empty list: back to the model's. */
    private static List<Integer> numbers(String flag, String text) {
        try {
            return text.isBlank() ? List.of() : Stream.of(text.split(",", -1)).map(String::strip).map(Integer::valueOf).toList();
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(flag + " " + text + ": expected whole numbers with commas between", e);
        }
    }

    /** {@code learningRate} → {@code --learning-rate} */
    static String flag(RecordComponent field) {
        return "--" + field.getName().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    }

    private static String text(ObjectNode defaults, RecordComponent field) {
        String value = defaults.get(field.getName()).asText();
        return defaults.get(field.getName()).isArray() ? "the model's" : value;
    }

    private static Class<?> boxed(Class<?> type) {
        return type == int.class ? Integer.class : type == long.class ? Long.class : type == double.class ? Double.class : type;
    }
}
