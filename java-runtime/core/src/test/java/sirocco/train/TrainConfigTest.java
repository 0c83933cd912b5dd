package sirocco.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainConfigTest {
    @Test
    void whatIsWrittenIsReadBack() {
        TrainConfig c = TrainConfig.parse("{\"blockOutChannels\": [8, 16], \"seed\": -3, \"minSnrGamma\": 5}", TrainConfig.DEFAULT, "test");
        assertEquals(c, TrainConfig.parse(c.toJson(), TrainConfig.DEFAULT, "test"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"batch": 0}               | batch
            {"batch": 1.5}             | batch
            {"batch": null}            | batch
            {"batch": "many"}          | batch
            {"bacth": 8}               | bacth
            {"batch": 8, "batch": 9}   | batch
            {"learningRate": -1}       | learningRate
            {"learningRate": 1e999}    | learningRate
            {"learningRate": NaN}      | JSON
            {"dropout": 1}             | dropout
            {"dropout": -0.5}          | dropout
            {"labelDrop": 1.5}         | labelDrop
            {"timesteps": 0}           | timesteps
            {"blockOutChannels": [0]}  | blockOutChannels
            {"keep": 0}                | keep
            {"attentionLevels": [1, -1]} | attentionLevels
            {"data": " "}              | data
            [1]                        | object
            {"batch": 8                | JSON""")
    void whatCannotBeIsNamed(String json, String named) {
        var e = assertThrows(IllegalArgumentException.class, () -> TrainConfig.parse(json, TrainConfig.DEFAULT, "run.json"));
        assertTrue(e.getMessage().startsWith("run.json: ") && e.getMessage().contains(named), e.getMessage());
        assertFalse(e.getMessage().matches("(?s).*(Source|REDACTED|sirocco\\.|\n).*"), e.getMessage());
    }

    @Test
    void aSettingThatIsNoneListsThoseThatAre() {
        var e = assertThrows(IllegalArgumentException.class, () -> TrainConfig.parse("{\"bacth\": 8}", TrainConfig.DEFAULT, "run.json"));
        assertTrue(e.getMessage().contains("\"bacth\" is no setting; the settings are adamEpsilon, attentionLevels, batch, "), e.getMessage());
    }

    @Test
    void brokenJsonIsFound() {
        var e = assertThrows(IllegalArgumentException.class, () -> TrainConfig.parse("{\"batch\": 8,\n \"seed\" 3}", TrainConfig.DEFAULT, "run.json"));
        assertTrue(e.getMessage().startsWith("run.json: not valid JSON: line 2, column "), e.getMessage());
    }

    @Test
    void theModelIsShapedToFitTheData() throws Exception {
        try (TrainSetup setup = TrainSetup.of(Tiny.config("{\"channels\": 1}"))) {
            var model = setup.model().config();
            assertEquals(8, model.height());
            assertEquals(1, model.inChannels());
            assertEquals(setup.data().classNames().size() + 1, model.numClassEmbeds().getAsInt());
            assertEquals(0.1, model.dropout());
        }
        for (double dropout : new double[] {-1, 0}) {
            String settings = "{\"model\": \"cifar10\", \"data\": \"shapes32\", \"dropout\": " + dropout + "}";
            try (TrainSetup setup = TrainSetup.of(TrainConfig.parse(settings, TrainConfig.DEFAULT, "test"))) {
                assertEquals(dropout == -1 ? 0.1 : 0, setup.model().config().dropout(), "-1 leaves it to the model, 0 is none");
            }
        }
        for (String levels : new String[] {"[]", "[0, 2]", "[-1]"}) {
            String settings = "{\"model\": \"small\", \"attentionLevels\": " + levels + "}";
            try (TrainSetup setup = TrainSetup.of(TrainConfig.parse(settings, TrainConfig.DEFAULT, "test"))) {
                List<Boolean> expected = switch (levels) {
                    case "[]" -> List.of(false, true, false);
                    case "[-1]" -> List.of(false, false, false);
                    default -> List.of(true, false, true);
                };
                assertEquals(expected, setup.model().config().downAttention(), levels);
            }
        }
        try (TrainSetup setup = TrainSetup.of(Tiny.config("{\"classConditional\": false}"))) {
            assertTrue(setup.model().config().numClassEmbeds().isEmpty());
        }
    }

    @Test
    void settingsThatDoNotFitEachOtherAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> TrainSetup.of(Tiny.config("{\"normGroups\": 3}")));
        assertThrows(IllegalArgumentException.class, () -> TrainSetup.of(Tiny.config("{\"schedule\": \"straight\"}")));
        assertThrows(IllegalArgumentException.class, () -> TrainSetup.of(Tiny.config("{\"model\": \"huge\"}")));
        assertThrows(IllegalArgumentException.class, () -> TrainSetup.of(Tiny.config("{\"prediction\": \"noise\"}")));
        assertThrows(RuntimeException.class, () -> TrainSetup.of(Tiny.config("{\"data\": \"nowhere/at-all\"}")));
    }
}
