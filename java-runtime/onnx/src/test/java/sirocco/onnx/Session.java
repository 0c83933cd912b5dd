package sirocco.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import ai.onnxruntime.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/** An exported network in ONNX Runtime, on one thread, with every optimization of graphs. */
final class Session implements AutoCloseable {
    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession session;
    private final Map<String, OnnxTensor> inputs = new LinkedHashMap<>();

    Session(OnnxModel model) {
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            options.setInterOpNumThreads(1);
            options.setOptimizationLevel(OptLevel.ALL_OPT);
            session = environment.createSession(model.toBytes(), options);
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }


    /** Sets an input: a float[], int[], long[] or byte[]. */
    Session with(String name, Object array, long... shape) {
        try {
            OnnxTensor old = inputs.put(name, switch (array) {
                case float[] a -> OnnxTensor.createTensor(environment, FloatBuffer.wrap(a), shape);
                case int[] a -> OnnxTensor.createTensor(environment, IntBuffer.wrap(a), shape);
                case long[] a -> OnnxTensor.createTensor(environment, LongBuffer.wrap(a), shape);
                case byte[] a -> OnnxTensor.createTensor(environment, ByteBuffer.wrap(a), shape, OnnxJavaType.UINT8);
                default -> throw new IllegalArgumentException(array.getClass().toString());
            });
            if (old != null) {
                old.close();
            }
            return this;
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Runs the network. Returns each output as a float[], int[] or byte[]. */
    Map<String, Object> run() {
        try (OrtSession.Result result = session.run(inputs)) {
            Map<String, Object> outputs = new LinkedHashMap<>();
            result.forEach(e -> outputs.put(e.getKey(), array((OnnxTensor) e.getValue())));
            return outputs;
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Object array(OnnxTensor t) {
        TensorInfo info = t.getInfo();
        int count = (int) info.getNumElements();
        switch (info.type) {
            case FLOAT -> {
                float[] all = new float[count];
                t.getFloatBuffer().get(all);
                return all;
            }
            case INT32 -> {
                int[] all = new int[count];
                t.getIntBuffer().get(all);
                return all;
            }
            case UINT8 -> {
                byte[] all = new byte[count];
                t.getByteBuffer().get(all);
                return all;
            }
            default -> throw new IllegalStateException("output of type " + info.type);
        }
    }

    @Override
    public void close() {
        inputs.values().forEach(OnnxTensor::close);
        try {
            session.close();
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }
}
