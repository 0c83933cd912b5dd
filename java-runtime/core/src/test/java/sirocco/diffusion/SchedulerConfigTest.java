package sirocco.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SchedulerConfigTest {
    private static final double INF = Double.POSITIVE_INFINITY;

    @Test
    void hasDiffusersDefaults() {
        SchedulerConfig ddpm = SchedulerConfig.parse("{\"_class_name\":\"DDPMScheduler\"}");
        assertEquals(1000, discrete(ddpm).schedule().T());
        assertEquals(Optional.of(BetaSchedule.LINEAR), discrete(ddpm).schedule().kind());
        assertEquals(1e-4, discrete(ddpm).schedule().beta(0));
        assertEquals(0.02, discrete(ddpm).schedule().beta(999));
        assertEquals(Prediction.EPSILON, discrete(ddpm).output());
        assertEquals(new Ddpm(Ddpm.Variance.FIXED_SMALL, 1, TimestepSpacing.LEADING, 0), ddpm.solver());
        assertEquals(new Ddim(0, 1, TimestepSpacing.LEADING, 0, true, false),
                SchedulerConfig.parse("{\"_class_name\":\"DDIMScheduler\"}").solver());
        assertEquals(DpmSolverPP.ofOrder(2), SchedulerConfig.parse("{\"_class_name\":\"DPMSolverMultistepScheduler\"}").solver());
    }

    @Test
    void readsWhatDiffusersWrites() {
        SchedulerConfig c = SchedulerConfig.parse("""
                {"_class_name": "DPMSolverMultistepScheduler", "_diffusers_version": "0.40.0", "algorithm_type": "dpmsolver++",
                 "beta_end": 0.012, "beta_schedule": "scaled_linear", "beta_start": 0.00085, "dynamic_thresholding_ratio": 0.995,
                 "euler_at_final": true, "final_sigmas_type": "sigma_min", "flow_shift": 1.0, "lambda_min_clipped": -Infinity,
                 "lower_order_final": false, "num_train_timesteps": 500, "prediction_type": "v_prediction", "rescale_betas_zero_snr": false,
                 "sample_max_value": 1.0, "solver_order": 3, "solver_type": "heun", "steps_offset": 1, "thresholding": false,
                 "timestep_spacing": "leading", "trained_betas": null, "use_beta_sigmas": false, "use_karras_sigmas": false,
                 "variance_type": null, "a_setting_of_the_future": null}""");
        assertEquals(500, discrete(c).schedule().T());
        assertEquals(0.012, discrete(c).schedule().beta(499), 1e-15);
        assertEquals(Prediction.V_PREDICTION, discrete(c).output());
        assertEquals(new DpmSolverPP(3, false, DpmSolverPP.Type.HEUN, TimestepSpacing.LEADING, 1, false, true,
                DpmSolverPP.FinalSigma.SIGMA_MIN, Double.NEGATIVE_INFINITY, INF), c.solver());
    }

    @ParameterizedTest
    @EnumSource
    void comesBackAsWritten(BetaSchedule kind) {
        NoiseSchedule schedule = NoiseSchedule.of(kind, 0.001, 0.03, 77);
        for (NoiseSchedule s : new NoiseSchedule[] {schedule, schedule.withZeroTerminalSnr()}) {
            for (Solver sampler : new Solver[] {new Ddpm(Ddpm.Variance.FIXED_LARGE, 2.5, TimestepSpacing.TRAILING, 0),
                new Ddpm(Ddpm.Variance.FIXED_SMALL, INF, TimestepSpacing.LEADING, 3),
                new Ddim(0, 1, TimestepSpacing.LINSPACE, 0, false, false), DpmSolverPP.ofOrder(3),
                new DpmSolverPP(2, true, DpmSolverPP.Type.HEUN, TimestepSpacing.LEADING, 1, false, true, DpmSolverPP.FinalSigma.SIGMA_MIN,
                        -5.1, INF)}) {
                SchedulerConfig back = SchedulerConfig.parse(new SchedulerConfig(new DiscreteProcess(s, Prediction.SAMPLE), sampler).toJson());
                assertEquals(sampler, back.solver());
                assertEquals(Prediction.SAMPLE, discrete(back).output());
                assertEquals(s.zeroTerminalSnr(), discrete(back).schedule().zeroTerminalSnr());
                assertArrayEquals(alphaBars(s), alphaBars(discrete(back).schedule()));
            }
        }
    }

    /** The network has the variance head whatever the sampler: every folder says so, and DDPM takes the variance from it. */
    @ParameterizedTest
    @EnumSource
    void theVarianceHeadComesBackAsWritten(VarianceHead head) {
        DiscreteProcess process = new DiscreteProcess(NoiseSchedule.of(BetaSchedule.LINEAR, 77), Prediction.EPSILON, Optional.of(head));
        for (String sampler : List.of("ddpm-learned", "ddpm", "ddim", "dpm++2m", "euler", "heun")) {
            String json = new SchedulerConfig(process, Solver.parse(sampler)).toJson();
            assertTrue(json.contains("\"variance_type\" : \"" + head.text() + "\""), json);
            SchedulerConfig back = SchedulerConfig.parse(json);
            assertEquals(process.varianceHead(), back.process().varianceHead());
            assertEquals(sampler.startsWith("ddpm") ? "ddpm-learned" : Solver.parse(sampler).name(), back.solver().name());
            assertEquals(process.varianceHead(), SchedulerConfig.parse(json, Solver.parse("ddim")).process().varianceHead());
        }
        assertEquals("ddpm-learned", process.usualSolver().name());
        String message = assertThrows(IllegalArgumentException.class,
                () -> Programs.of("ddpm-learned", new DiscreteProcess(process.schedule(), Prediction.EPSILON), 5)).getMessage();
        assertTrue(message.contains("ddpm-learned") && message.contains("variance_type"), message);
    }

    /** What cannot be honoured is refused, naming the setting. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "DDPMScheduler | thresholding | true", "DDPMScheduler | variance_type | \"learned_scale\"",
        "DDPMScheduler | beta_schedule | \"laplace\"", "DDPMScheduler | prediction_type | \"flow_prediction\"",
        "DDPMScheduler | beta_start | 0", "DDPMScheduler | beta_end | NaN", "DDPMScheduler | beta_end | \"0.02\"",
        "DDPMScheduler | num_train_timesteps | 0", "DDPMScheduler | num_train_timesteps | 1e9",
        "DDPMScheduler | num_train_timesteps | 99999999999", "DDPMScheduler | num_train_timesteps | 10.5",
        "DDPMScheduler | clip_sample | 1", "DDPMScheduler | clip_sample_range | -1", "DDPMScheduler | steps_offset | -1",
        "DDPMScheduler | timestep_spacing | \"even\"", "DDPMScheduler | trained_betas | [0.1, 0.2]", "DDPMScheduler | trained_betas | 0.1",
        "DDPMScheduler | trained_betas | [\"a\"]", "DDPMScheduler | shift_of_the_future | 0.3", "DDPMScheduler | flag_of_the_future | false",
        "DDPMScheduler | flag_of_the_future | true",
        "DPMSolverMultistepScheduler | algorithm_type | \"dpmsolver\"", "DPMSolverMultistepScheduler | use_karras_sigmas | true",
        "DPMSolverMultistepScheduler | use_flow_sigmas | true", "DPMSolverMultistepScheduler | solver_order | 4",
        "DPMSolverMultistepScheduler | solver_type | \"bh1\"", "DPMSolverMultistepScheduler | final_sigmas_type | \"one\"",
        "DPMSolverMultistepScheduler | variance_type | \"fixed\"", "PNDMScheduler | beta_start | 0.001"})
    void refusesWhatItCannotHonour(String type, String key, String value) {
        String json = "{\"_class_name\":\"" + type + "\",\"" + key + "\":" + value + "}";
        assertThrows(IllegalArgumentException.class, () -> SchedulerConfig.parse(json));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "3", "null", "{", "{\"a\":1,\"a\":2}", "{\"beta_start\":0.1,\"beta_start\":0.1}"})
    void refusesWhatIsNoConfiguration(String text) {
        assertThrows(IllegalArgumentException.class, () -> SchedulerConfig.parse(text));
    }

    /** Until diffusers 0.10 a flag said whether the network predicts ε or x₀, and before 0.1 keys had other names. */
    @Test
    void readsTheKeysOfOldReleases() {
        assertEquals(Prediction.SAMPLE, discrete(SchedulerConfig.parse("{\"predict_epsilon\": false}")).output());
        assertEquals(Prediction.EPSILON, discrete(SchedulerConfig.parse("{\"predict_epsilon\": true}")).output());
        assertEquals(Prediction.SAMPLE, discrete(SchedulerConfig.parse("{\"predict_epsilon\": false, \"prediction_type\": \"sample\"}")).output());
        String message = assertThrows(IllegalArgumentException.class,
                () -> SchedulerConfig.parse("{\"predict_epsilon\": true, \"prediction_type\": \"v_prediction\"}")).getMessage();
        assertTrue(message.contains("predict_epsilon") && message.contains("v_prediction"), message);
        SchedulerConfig first = SchedulerConfig.parse("{\"timesteps\": 77, \"clip_predicted_image\": false, \"timestep_values\": null, \"tensor_format\": \"np\"}");
        assertEquals(77, discrete(first).schedule().T());
        assertEquals(new Ddpm(Ddpm.Variance.FIXED_SMALL, INF, TimestepSpacing.LEADING, 0), first.solver());
        assertThrows(IllegalArgumentException.class, () -> SchedulerConfig.parse("{\"timestep_values\": [1, 2]}"));
    }

    /** With a sampler of the caller's, only what the model was trained with counts. */
    @Test
    void anotherSamplerNeedsScheduleAndPredictionOnly() {
        Solver ddim = Solver.parse("ddim");
        SchedulerConfig pndm = SchedulerConfig.parse("{\"_class_name\": \"PNDMScheduler\", \"beta_schedule\": \"squaredcos_cap_v2\", "
                + "\"prediction_type\": \"v_prediction\", \"skip_prk_steps\": true}", ddim);
        assertEquals(ddim, pndm.solver());
        assertEquals(Optional.of(BetaSchedule.COSINE), discrete(pndm).schedule().kind());
        assertEquals(Prediction.V_PREDICTION, discrete(pndm).output());
        SchedulerConfig.parse("{\"thresholding\": true, \"variance_type\": \"learned_range\"}", ddim);
        assertEquals(0.012, discrete(SchedulerConfig.parse("{\"_class_name\": \"HeunDiscreteScheduler\"}", ddim)).schedule().beta(999), 1e-12, "its own default");
        for (String refused : new String[] {"{\"_class_name\": \"PNDMScheduler\"}", "{\"thresholding\": true}"}) {
            assertThrows(IllegalArgumentException.class, () -> SchedulerConfig.parse(refused), refused);
        }
        for (String refused : new String[] {"{\"_class_name\": \"FlowMatchEulerDiscreteScheduler\"}", "{\"use_flow_sigmas\": true}",
            "{\"prediction_type\": \"flow_prediction\"}", "{\"_class_name\": \"EulerDiscreteScheduler\", \"timestep_type\": \"continuous\"}", "{\"future\": 1}"}) {
            assertThrows(IllegalArgumentException.class, () -> SchedulerConfig.parse(refused, ddim), refused);
        }
    }

    private static double[] alphaBars(NoiseSchedule s) {
        double[] all = new double[s.T()];
        for (int t = 0; t < all.length; t++) {
            all[t] = s.alphaBar(t);
        }
        return all;
    }

    private static DiscreteProcess discrete(SchedulerConfig config) {
        return (DiscreteProcess) config.process();
    }
}
