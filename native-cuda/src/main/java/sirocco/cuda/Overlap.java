package sirocco.cuda;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.Function;
import jcuda.driver.CUresult;
import sirocco.cuda.driver.CudaException;
import sirocco.cuda.driver.ForeignDriver;

/**
 * Whether the kernels of a plan's graphs overlap at their ends, each waiting for the one before by itself (turn.cuh): programmatic dependent
 * launch, of compute capability 9.0 and CUDA 12.3. Off unless it is asked for. Where a driver refuses such a graph, one without takes its
 * place, and the log says so.
 */
final class Overlap {
    /** A system property: true to let them. */
    static final String PROPERTY = "sirocco.cuda.programmatic";

    /** What it needs of a device, as {@link sirocco.cuda.kernel.Target#architecture}. */
    static final int ARCHITECTURE = 90;

    /** What a driver may refuse by itself. No manual says whether the body of a loop may have such edges. */
    enum Graph { RUN, LOOP }

    private final boolean asked = Boolean.getBoolean(PROPERTY);
    private final Map<Graph, String> refused = new EnumMap<>(Graph.class);

    /** @param architecture ten times the compute capability */
    Overlap(ForeignDriver driver, int architecture) {
        if (architecture < ARCHITECTURE) {
            refused.put(Graph.RUN, "it needs sm_" + ARCHITECTURE);
        } else if (!driver.hasProgrammaticEdges()) {
            refused.put(Graph.RUN, "the driver's graphs have no programmatic edges; CUDA 12.3 has them");
        }
    }

    /** For the line that describes the device. */
    String describe() {
        if (!asked) {
            return "";
        }
        if (refused.containsKey(Graph.RUN)) {
            return ", kernels not overlapping (" + refused.get(Graph.RUN) + ")";
        }
        return ", kernels overlapping" + (refused.containsKey(Graph.LOOP) ? ", but not in loops (" + refused.get(Graph.LOOP) + ")" : "");
    }

    /**
     * Makes a graph, if need be in two attempts.
     *
     * @param attempt captures and instantiates it; given whether launches are to overlap
     */
    <T> T make(Graph graph, Function<Boolean, T> attempt) {
        // What a plain graph may not have is not tried in a loop: drivers have been seen to crash after a capture into the body of a conditional
        // node had failed (github.com/NVIDIA/cuda-python/issues/2918).
        if (asked && !refused.containsKey(Graph.RUN) && !refused.containsKey(graph)) {
            try {
                return attempt.apply(true);
            } catch (CudaException e) {
                if (e.code() == CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
                    throw e;
                }
                refused.put(graph, e.getMessage());
                System.getLogger(Overlap.class.getName()).log(System.Logger.Level.WARNING,
                        "cuda: the driver refuses kernels that overlap" + (graph == Graph.LOOP ? " in a loop" : "") + "; going on without: " + e.getMessage());
            }
        }
        return attempt.apply(false);
    }
}
