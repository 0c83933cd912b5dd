package sirocco.bench.ort;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import sirocco.bench.Work;
import sirocco.nn.Weights;
import sirocco.nn.unet.UNetConfig;
import sirocco.onnx.NetworkExport;
import sirocco.onnx.OnnxModel;

/** ONNX Runtime's side of the rows about forward passes: the exporter's file, all optimizations of graphs. */
public final class OnnxModels {
    private OnnxModels() { }

    /**
     * Makes x, t → ε̂.
     *
     * @param threads that compute an operator; operators run one after another
     * @param x [n,c,h,w]
     * @param t [n]
     */
    public static Work forward(Weights weights, int threads, float[] x, float[] t) {
        OnnxModel model = NetworkExport.of(weights, OptionalInt.of(t.length), true, "bench", Optional.empty());
        try {
            return new Forward(model, (UNetConfig) weights.config(), threads, x, t);
        } catch (OrtException e) {
            throw new IllegalStateException("ONNX Runtime: " + e.getMessage(), e);
        }
    }

    /** A session with its inputs. */
    private static final class Forward implements Work {
        private final OrtSession session;
        private final Map<String, OnnxTensor> inputs = new LinkedHashMap<>();

        Forward(OnnxModel model, UNetConfig config, int threads, float[] x, float[] t) throws OrtException {
            OrtEnvironment environment = OrtEnvironment.getEnvironment();
            try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
                options.setIntraOpNumThreads(threads);
                options.setInterOpNumThreads(1);
                options.setOptimizationLevel(OptLevel.ALL_OPT);
                // Its threads spin between operators, which is fast, but not after a run, when the other side has its turn.
                options.addConfigEntry("session.force_spinning_stop", "1");
                session = environment.createSession(model.toBytes(), options);
            }
            inputs.put(NetworkExport.SAMPLE, OnnxTensor.createTensor(environment, FloatBuffer.wrap(x),
                    new long[] {t.length, config.inChannels(), config.height(), config.width()}));
            inputs.put(NetworkExport.TIMESTEP, OnnxTensor.createTensor(environment, FloatBuffer.wrap(t), new long[] {t.length}));
        }

        @Override
        public void run() {
            try (OrtSession.Result result = session.run(inputs)) {
                result.get(0);
            } catch (OrtException e) {
                throw new IllegalStateException("ONNX Runtime: " + e.getMessage(), e);
            }
        }

        @Override
        public float[][] results() {
            try (OrtSession.Result result = session.run(inputs)) {
                FloatBuffer y = ((OnnxTensor) result.get(0)).getFloatBuffer();
                float[] all = new float[y.remaining()];
                y.get(all);
                return new float[][] {all};
            } catch (OrtException e) {
                throw new IllegalStateException("ONNX Runtime: " + e.getMessage(), e);
            }
        }

        @Override
        public void close() {
            inputs.values().forEach(OnnxTensor::close);
            try {
                session.close();
            } catch (OrtException e) {
                throw new IllegalStateException("ONNX Runtime: " + e.getMessage(), e);
            }
        }
    }
}
