package sirocco.io;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The JSON header of a safetensors file: {@code {"__metadata__": {text: text}, name: {"dtype": …, "shape": […],
 * "data_offsets": [begin, end]}, …}}.
 *
 * <p>The header is taken at its word only where the file's own size bears it out: the tensors must fill the data exactly, without
 * gaps or overlaps, and each must be as long as its type and shape make it.
 */
record SafetensorsHeader(Map<String, String> metadata, Map<String, TensorInfo> tensors) {
    /** The format's own limit on the header. */
    static final int MAX_BYTES = 100_000_000;

    static final String METADATA = "__metadata__";

    /** Nothing honest is deeper than root, tensor, array; names and numbers are bounded so that a header cannot be made of one. */
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(16).maxNumberLength(32).maxNameLength(64 << 10).maxStringLength(MAX_BYTES).build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .build();

    /**
     * @param file for messages
     * @param json the header's bytes
     * @param dataBytes how many bytes the file has after its header
     */
    static SafetensorsHeader parse(Path file, byte[] json, long dataBytes) throws IOException {
        if (json.length == 0 || json[0] != '{') {
            throw new MalformedFileException(file, "the header of a safetensors file starts with '{', this one does not; is it safetensors?");
        }
        // A reader with a strict decoder: the parser would guess at UTF-16 otherwise, and the format is UTF-8.
        var text = new InputStreamReader(new ByteArrayInputStream(json), StandardCharsets.UTF_8.newDecoder());
        try (JsonParser parser = JSON.createParser(text)) {
            SafetensorsHeader header = new Reading(file, parser).header();
            header.checkCoverage(file, dataBytes);
            return header;
        } catch (JacksonException e) {
            throw new MalformedFileException(file, "the header is not acceptable JSON: " + JsonErrors.describe(e), e);
        } catch (CharacterCodingException e) {
            throw new MalformedFileException(file, "the header is not UTF-8", e);
        }
    }

    /** Sorted by place, each tensor must begin where the one before it ended, from the first byte of the data to the last. */
    private void checkCoverage(Path file, long dataBytes) throws MalformedFileException {
        List<TensorInfo> placed = new ArrayList<>(tensors.values());
        placed.sort(Comparator.comparingLong(TensorInfo::begin).thenComparingLong(TensorInfo::end));
        long at = 0;
        String before = "the header";
        for (TensorInfo t : placed) {
            if (t.begin() != at) {
                throw new MalformedFileException(file, "tensor \"" + t.name() + "\" begins at byte " + t.begin() + " of the data, but "
                        + before + " ends at " + at + (t.begin() < at ? ": they overlap" : ": there is a gap"));
            }
            at = t.end();
            before = "\"" + t.name() + "\"";
        }
        if (at > dataBytes) {
            throw new MalformedFileException(file, "file is truncated: its header describes " + at + " bytes of data, but " + dataBytes
                    + " follow. Copy or download the file again.");
        }
        if (at != dataBytes) {
            throw new MalformedFileException(file, "the tensors end at byte " + at + " of the data, but the file has " + dataBytes
                    + " bytes of data");
        }
    }

    /** One pass over the tokens. */
    private record Reading(Path file, JsonParser parser) {
        SafetensorsHeader header() throws IOException {
            Map<String, String> metadata = new LinkedHashMap<>();
            Map<String, TensorInfo> tensors = new LinkedHashMap<>();
            expect(JsonToken.START_OBJECT, "the header");
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                if (name.equals(METADATA)) {
                    readMetadata(metadata);
                } else {
                    tensors.put(name, tensor(name));
                }
            }
            if (parser.nextToken() != null) {
                throw new MalformedFileException(file, "the header goes on after its closing brace");
            }
            return new SafetensorsHeader(metadata, tensors);
        }

        private void readMetadata(Map<String, String> into) throws IOException {
            expect(JsonToken.START_OBJECT, METADATA);
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String key = parser.currentName();
                expect(JsonToken.VALUE_STRING, METADATA + " entry \"" + key + "\"");
                into.put(key, parser.getText());
            }
        }

        private TensorInfo tensor(String name) throws IOException {
            String where = "tensor \"" + name + "\"";
            TensorType type = null;
            List<Long> shape = null;
            List<Long> offsets = null;
            expect(JsonToken.START_OBJECT, where);
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                switch (parser.currentName()) {
                    case "dtype" -> type = type(where);
                    case "shape" -> shape = longs(where + ", shape");
                    case "data_offsets" -> offsets = longs(where + ", data_offsets");
                    default -> {
                        parser.nextToken();
                        parser.skipChildren();
                    }
                }
            }
            if (type == null || shape == null || offsets == null) {
                throw new MalformedFileException(file, where + ": expected dtype, shape and data_offsets, missing "
                        + (type == null ? "dtype" : shape == null ? "shape" : "data_offsets"));
            }
            if (offsets.size() != 2 || offsets.get(0) < 0 || offsets.get(1) < offsets.get(0)) {
                throw new MalformedFileException(file, where + ": data_offsets " + offsets + " are not in order");
            }
            long bytes = TensorInfo.byteSize(type, shape);
            if (bytes != offsets.get(1) - offsets.get(0)) {
                throw new MalformedFileException(file, where + ": " + type + " of shape " + shape + " takes "
                        + (bytes < 0 ? "an impossible number of" : String.valueOf(bytes)) + " bytes, data_offsets " + offsets + " hold "
                        + (offsets.get(1) - offsets.get(0)));
            }
            return new TensorInfo(name, type, shape, offsets.get(0), offsets.get(1));
        }

        private TensorType type(String where) throws IOException {
            expect(JsonToken.VALUE_STRING, where + ", dtype");
            String text = parser.getText();
            for (TensorType t : TensorType.values()) {
                if (t.name().equals(text)) {
                    return t;
                }
            }
            throw new MalformedFileException(file, where + ": unknown dtype \"" + text + "\"; known are "
                    + List.of(TensorType.values()));
        }

        private List<Long> longs(String where) throws IOException {
            List<Long> values = new ArrayList<>();
            expect(JsonToken.START_ARRAY, where);
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT || parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
                        || parser.getLongValue() < 0) {
                    throw new MalformedFileException(file, where + ": expected whole numbers from 0 to 2^63 - 1, found "
                            + parser.getText());
                }
                values.add(parser.getLongValue());
            }
            return values;
        }

        private void expect(JsonToken token, String where) throws IOException {
            JsonToken found = parser.nextToken();
            if (found != token) {
                throw new MalformedFileException(file, where + ": expected " + token + ", found " + found);
            }
        }
    }
}
