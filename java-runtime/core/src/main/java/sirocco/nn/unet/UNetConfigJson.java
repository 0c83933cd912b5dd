package sirocco.nn.unet;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import sirocco.io.JsonFields;
import sirocco.nn.ImageSize;

/** Reads and writes {@link UNetConfig} as diffusers' {@code config.json}. */
final class UNetConfigJson {
    static final String CLASS = "UNet2DModel";

    /** With an underscore, since diffusers and {@link JsonFields#refuseOthers} pass over such keys. */
    static final String LOW_RES_FACTOR = "_low_res_factor";

    private static final String DOWN = "DownBlock2D";
    private static final String ATTENTION_DOWN = "AttnDownBlock2D";
    private static final String UP = "UpBlock2D";
    private static final String ATTENTION_UP = "AttnUpBlock2D";
    private static final String MIDDLE = "UNetMidBlock2D";

    private UNetConfigJson() { }

    static UNetConfig read(Path file, Optional<ImageSize> wanted) throws IOException {
        JsonFields json = JsonFields.read(file);
        json.only("_class_name", CLASS, CLASS);
        // What diffusers can do beyond this: named here, so that such a model is refused and not run wrongly.
        json.only("act_fn", "silu", "silu");
        json.only("time_embedding_type", "positional", "positional");
        json.only("class_embed_type", null, null);
        json.only("resnet_time_scale_shift", "default", "default");
        json.only("downsample_type", "conv", "conv");
        json.only("upsample_type", "conv", "conv");
        json.onlyNumber("mid_block_scale_factor", 1);
        json.onlyFalse("center_input_sample");
        json.onlyFalse("attention_legacy_order");

        List<Integer> widths = json.integers("block_out_channels", List.of(224, 448, 672, 896));
        Optional<ImageSize> given = ImageSize.read(json, "sample_size");
        List<Boolean> down = json.choices("down_block_types", DOWN, ATTENTION_DOWN, List.of(false, true, true, true));
        List<Boolean> up = json.choices("up_block_types", UP, ATTENTION_UP, List.of(true, true, true, false));
        String middle = json.choice("mid_block_type", MIDDLE, MIDDLE, null);
        json.optionalInteger("num_train_timesteps", OptionalInt.empty());
        OptionalInt lowResFactor = json.optionalInteger(LOW_RES_FACTOR, OptionalInt.empty());
        int joined = json.integer("in_channels", 3);
        if (lowResFactor.isPresent() && joined % 2 != 0) {
            throw json.wrong("in_channels", "an even number, the channels of an image and of its low-resolution partner, since there is " + LOW_RES_FACTOR);
        }
        int inChannels = lowResFactor.isPresent() ? joined / 2 : joined;
        int outChannels = json.integer("out_channels", 3);
        int layers = json.integer("layers_per_block", 2);
        OptionalInt headDim = json.optionalInteger("attention_head_dim", OptionalInt.of(8));
        int groups = json.integer("norm_num_groups", 32);
        OptionalInt attentionGroups = json.optionalInteger("attn_norm_num_groups", OptionalInt.empty());
        double eps = json.number("norm_eps", 1e-5);
        int padding = json.integer("downsample_padding", 1);
        boolean flip = json.flag("flip_sin_to_cos", true);
        double shift = json.number("freq_shift", 0);
        OptionalInt embedding = json.optionalInteger("time_embedding_dim", OptionalInt.empty());
        OptionalInt classes = json.optionalInteger("num_class_embeds", OptionalInt.empty());
        double dropout = json.number("dropout", 0);
        boolean attention = json.flag("add_attention", true);
        // What EMA training scripts of diffusers store with the averaged weights: how they were averaged, which sampling does not need.
        json.ignore("decay", "min_decay", "optimization_step", "update_after_step", "use_ema_warmup", "inv_gamma", "power");
        json.refuseOthers();
        ImageSize size = wanted.or(() -> given).orElseThrow(() -> new IllegalArgumentException(file
                + ": sample_size is null, so the model does not say how large its images are; say it with --image-size N (pixels), or write it into the file"));
        try {
            return new UNetConfig(size.height(), size.width(), inChannels, outChannels, widths, layers, down, up, headDim, groups, attentionGroups, eps, padding,
                    flip, shift, embedding, classes, dropout, middle != null, attention, lowResFactor);
        } catch (IllegalArgumentException e) {
            String asked = wanted.map(s -> ", for images of " + s.height() + "×" + s.width()).orElse("");
            throw new IllegalArgumentException(file + asked + ": " + e.getMessage(), e);
        }
    }

    static String write(UNetConfig c) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("_class_name", CLASS);
        c.lowResFactor().ifPresent(f -> json.put(LOW_RES_FACTOR, f));
        json.put("act_fn", "silu");
        json.put("add_attention", c.addAttention());
        put(json, "attention_head_dim", c.attentionHeadDim());
        put(json, "attn_norm_num_groups", c.attnNormNumGroups());
        c.blockOutChannels().forEach(json.putArray("block_out_channels")::add);
        json.put("center_input_sample", false);
        json.putNull("class_embed_type");
        types(json.putArray("down_block_types"), c.downAttention(), DOWN, ATTENTION_DOWN);
        json.put("downsample_padding", c.downsamplePadding());
        json.put("downsample_type", "conv");
        json.put("dropout", c.dropout());
        json.put("flip_sin_to_cos", c.flipSinToCos());
        if (c.freqShift() == Math.rint(c.freqShift())) {
            json.put("freq_shift", (int) c.freqShift());
        } else {
            json.put("freq_shift", c.freqShift());
        }
        json.put("in_channels", c.joinedChannels());
        json.put("layers_per_block", c.layersPerBlock());
        json.put("mid_block_scale_factor", 1);
        json.put("mid_block_type", c.midBlock() ? MIDDLE : null);
        json.put("norm_eps", c.normEps());
        json.put("norm_num_groups", c.normNumGroups());
        put(json, "num_class_embeds", c.numClassEmbeds());
        json.putNull("num_train_timesteps");
        json.put("out_channels", c.outChannels());
        json.put("resnet_time_scale_shift", "default");
        if (c.height() == c.width()) {
            json.put("sample_size", c.height());
        } else {
            json.putArray("sample_size").add(c.height()).add(c.width());
        }
        put(json, "time_embedding_dim", c.timeEmbeddingDim());
        json.put("time_embedding_type", "positional");
        types(json.putArray("up_block_types"), c.upAttention(), UP, ATTENTION_UP);
        json.put("upsample_type", "conv");
        return json.toPrettyString() + "\n";
    }

    private static void put(ObjectNode json, String key, OptionalInt value) {
        if (value.isPresent()) {
            json.put(key, value.getAsInt());
        } else {
            json.putNull(key);
        }
    }

    private static void types(ArrayNode array, List<Boolean> attention, String plain, String attending) {
        attention.forEach(a -> array.add(a ? attending : plain));
    }
}
