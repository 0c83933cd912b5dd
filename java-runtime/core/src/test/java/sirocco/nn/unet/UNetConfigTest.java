package sirocco.nn.unet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sirocco.nn.ImageSize;

class UNetConfigTest {
    @TempDir Path folder;

    /** google/ddpm-cifar10-32's, as published. */
    private static final String CIFAR10 = """
            {"_class_name": "UNet2DModel", "_diffusers_version": "0.0.4", "act_fn": "silu", "attention_head_dim": null,
             "block_out_channels": [128, 256, 256, 256], "center_input_sample": false,
             "down_block_types": ["DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"], "downsample_padding": 0,
             "flip_sin_to_cos": false, "freq_shift": 1, "in_channels": 3, "layers_per_block": 2, "mid_block_scale_factor": 1,
             "norm_eps": 1e-06, "norm_num_groups": 32, "out_channels": 3, "sample_size": 32, "time_embedding_type": "positional",
             "up_block_types": ["UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"]}
            """;

    @Test
    void readsThePublishedModelAsItsPreset() throws IOException {
        assertEquals(UNetConfig.cifar10().toBuilder().dropout(0).build(), read(CIFAR10));
    }

    @Test
    void absentKeysHaveDiffusersDefaults() throws IOException {
        UNetConfig c = read("{\"sample_size\": [16, 32]}");
        assertEquals(UNetConfig.builder().size(16, 32).blockOutChannels(224, 448, 672, 896).attentionAt(1, 2, 3).attentionHeadDim(8).normEps(1e-5)
                .downsamplePadding(1).flipSinToCos(true).freqShift(0).build(), c);
    }

    @Test
    void roundTripsEverySetting() throws IOException {
        UNetConfig odd = new UNetConfig(24, 40, 1, 2, List.of(24, 48, 40), 3, List.of(true, false, true), List.of(false, true, false),
                OptionalInt.of(4), 8, OptionalInt.of(10), 3e-7, 1, true, 0.25, OptionalInt.of(77), OptionalInt.of(11), 0.15, true, true, OptionalInt.of(4));
        UNetConfig bare = UNetConfig.builder().size(9).channels(1).blockOutChannels(6).normNumGroups(3).midBlock(false).addAttention(false).build();
        for (UNetConfig c : List.of(odd, bare, UNetConfig.small(), UNetConfig.cifar10())) {
            assertEquals(c, read(c.toJson()));
            assertEquals(c, c.toBuilder().build());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "_class_name | \"UNet2DConditionModel\" | UNet2DModel",
        "act_fn | \"gelu\" | silu",
        "time_embedding_type | \"fourier\" | positional",
        "class_embed_type | \"timestep\" | null",
        "class_embed_type | \"identity\" | null",
        "resnet_time_scale_shift | \"scale_shift\" | default",
        "downsample_type | \"resnet\" | conv",
        "upsample_type | \"resnet\" | conv",
        "mid_block_type | \"UNetMidBlock2DCrossAttn\" | UNetMidBlock2D",
        "mid_block_scale_factor | 1.414 | 1",
        "center_input_sample | true | false",
        "down_block_types | [\"DownBlock2D\",\"SkipDownBlock2D\",\"DownBlock2D\",\"DownBlock2D\"] | AttnDownBlock2D",
        "down_block_types | [\"DownBlock2D\"] | one for each",
        "up_block_types | \"UpBlock2D\" | list",
        "block_out_channels | [128,256,256,250] | multiple of norm_num_groups",
        "block_out_channels | [] | levels",
        "block_out_channels | [128,\"x\"] | whole numbers",
        "layers_per_block | 2000000000 | 1 to 64",
        "layers_per_block | 2.5 | whole number",
        "in_channels | 0 | 1 to",
        "num_class_embeds | -3 | 1 to",
        "norm_num_groups | null | whole number",
        "attention_head_dim | 7 | divisor",
        "attn_norm_num_groups | 7 | divisor",
        "downsample_padding | 2 | 0 to 1",
        "dropout | 1.0 | [0,1)",
        "norm_eps | 0 | positive",
        "freq_shift | 64 | less than half",
        "_low_res_factor | 4 | in_channels",
        "_low_res_factor | true | whole number",
        "sample_size | 28 | multiples of 8",
        "sample_size | null | --image-size N",
        "sample_size | \"large\" | [height, width]",
        "new_feature | 3 | supported keys are"})
    void refusesWhatItCannotDoNamingKeyAndValue(String key, String value, String expected) throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode json = (ObjectNode) mapper.readTree(CIFAR10);
        json.set(key, mapper.readTree(value));
        String message = assertThrows(IllegalArgumentException.class, () -> read(json.toString())).getMessage();
        assertTrue(message.contains(key) && message.contains(expected) && message.contains("config.json"), message);
    }

    /** diffusers' class reads image and partner as one input of twice the channels; here the partner is a condition. */
    @Test
    void aPartnerDoublesTheChannelsOfTheFile() throws IOException {
        UNetConfig c = UNetConfig.small().toBuilder().channels(1).lowResFactor(4).build();
        assertEquals(2, new ObjectMapper().readTree(c.toJson()).get("in_channels").intValue());
        UNetConfig read = read(c.toJson());
        assertEquals(c, read);
        assertEquals(1, read.inChannels());
        assertEquals(c.withLowResFactor(OptionalInt.empty()), read.toBuilder().lowResFactor(0).build());
        for (int factor : new int[] {-2, 1, 3, 32}) {
            String message = assertThrows(IllegalArgumentException.class, () -> UNetConfig.small().withLowResFactor(OptionalInt.of(factor))).getMessage();
            assertTrue(message.contains("_low_res_factor is " + factor), message);
        }
        String message = assertThrows(IllegalArgumentException.class, () -> UNetConfig.small().withLowResFactor(OptionalInt.of(8)).checkSize(16, 20)).getMessage();
        assertTrue(message.contains("_low_res_factor is 8") && message.contains("16×20"), message);
    }

    /** What diffusers' EMA scripts store beside the configuration says how the weights were averaged. */
    @Test
    void theKeysOfAveragedWeightsAreIgnored() throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode json = (ObjectNode) mapper.readTree(CIFAR10);
        UNetConfig plain = read(json.toString());
        json.setAll((ObjectNode) mapper.readTree("""
                {"decay": 0.9999, "inv_gamma": 1.0, "min_decay": 0.0, "optimization_step": 3000, "power": 0.75, "update_after_step": 0, "use_ema_warmup": true}"""));
        assertEquals(plain, read(json.toString()));
    }

    /** As diffusers writes it for a model that no one gave a size. */
    @Test
    void aSizeThatIsLeftOpenCanBeGiven() throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode json = (ObjectNode) mapper.readTree(CIFAR10);
        for (String open : List.of("null", "16", "absent")) {
            if (open.equals("absent")) {
                json.remove("sample_size");
            } else {
                json.set("sample_size", mapper.readTree(open));
            }
            Path file = Files.writeString(folder.resolve("config.json"), json.toString());
            UNetConfig given = UNetConfig.read(file, Optional.of(new ImageSize(8, 24)));
            assertEquals(UNetConfig.cifar10().toBuilder().size(8, 24).dropout(0).build(), given);
            String message = assertThrows(IllegalArgumentException.class, () -> UNetConfig.read(file, Optional.of(ImageSize.square(12)))).getMessage();
            assertTrue(message.contains("for images of 12×12") && message.contains("multiples of 8"), message);
        }
    }

    @Test
    void refusesWhatIsNotAConfiguration() throws IOException {
        for (String text : List.of("", "[]", "{", "{\"sample_size\": 8} trailing", "{\"sample_size\": 8, \"sample_size\": 16}",
                "{\"x\": 1" + " ".repeat(1 << 20) + "}", "[".repeat(100_000))) {
            IOException e = assertThrows(IOException.class, () -> read(text), text.substring(0, Math.min(40, text.length())));
            assertTrue(e.getMessage().contains("config.json"), e.getMessage());
        }
    }

    private UNetConfig read(String text) throws IOException {
        return UNetConfig.read(Files.writeString(folder.resolve("config.json"), text));
    }
}
