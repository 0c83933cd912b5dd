package sirocco.cuda;

import jcuda.Pointer;
import jcuda.driver.CUfunction;
import jcuda.driver.CUstream;
import sirocco.cuda.driver.Driver;
import sirocco.cuda.driver.TensorMaps;
import sirocco.cuda.kernel.Launch;
import sirocco.cuda.kernel.TensorMap;

/** A launch with its kernel found and its arguments laid out as the driver wants them. */
final class BoundLaunch {
    private final String what;
    private final CUfunction function;
    private final Launch launch;
    private final Pointer arguments;
    private final Runnable before;

    /**
     * @param what the step, for errors
     * @param before see {@link sirocco.cuda.driver.LaunchOperands#before}
     */
    BoundLaunch(String what, CUfunction function, Launch launch, Runnable before, TensorMaps tensorMaps) {
        this.what = what;
        this.function = function;
        this.launch = launch;
        this.before = before;
        arguments = Pointer.to(launch.arguments().stream().map(a -> argument(what, a, tensorMaps)).toArray(Pointer[]::new));
    }

    private static Pointer argument(String what, Object argument, TensorMaps tensorMaps) {
        return switch (argument) {
            case Long l -> Pointer.to(new long[] {l});
            case Integer i -> Pointer.to(new int[] {i});
            case Float f -> Pointer.to(new float[] {f});
            case TensorMap t -> Pointer.to(tensorMaps.encode(what, t.address(), t.sizes(), t.strides(), t.box(), t.steps()));
            case byte[] structure -> Pointer.to(structure);
            default -> throw new IllegalArgumentException(what + ": a kernel's argument cannot be a " + argument.getClass().getName());
        };
    }

    void on(CUstream stream) {
        before.run();
        Driver.launch(what, function, launch.gridX(), launch.gridY(), launch.gridZ(), launch.block(), launch.sharedBytes(), stream, arguments);
    }
}
