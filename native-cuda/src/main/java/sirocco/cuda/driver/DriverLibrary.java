package sirocco.cuda.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import java.util.Optional;

/**
 * The driver's library, called by java.lang.foreign: what must work before JCuda's classes may be touched (they fail to load where there is
 * no driver), and what JCuda does not have.
 */
public final class DriverLibrary {
    /** A system property: the path of another driver, as of the emulated one, to be used instead of the system's. */
    public static final String PATH_PROPERTY = "sirocco.cuda.driver";

    private final SymbolLookup symbols;

    private DriverLibrary(SymbolLookup symbols) {
        this.symbols = symbols;
    }

    /** What the system's driver is called. */
    public static String fileName() {
        return System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("windows") ? "nvcuda.dll" : "libcuda.so.1";
    }

    /**
     * Empty where there is none.
     *
     * @throws UnsatisfiedLinkError if a library is named by {@link #PATH_PROPERTY} and cannot be loaded
     */
    public static Optional<DriverLibrary> open() {
        String path = System.getProperty(PATH_PROPERTY, "");
        if (!path.isEmpty()) {
            System.load(path); // JCuda's library asks for libcuda.so.1, and the loader gives it the one that is loaded under that name
        }
        try {
            return Optional.of(new DriverLibrary(SymbolLookup.libraryLookup(path.isEmpty() ? fileName() : path, Arena.global())));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** Whether this driver has a function of that name. */
    public boolean has(String name) {
        return symbols.find(name).isPresent();
    }

    /**
     * A function of the driver.
     *
     * @throws UnsatisfiedLinkError if this driver has none of that name
     */
    public MethodHandle function(String name, FunctionDescriptor type) {
        return find(name, type).orElseThrow(() -> missing(name));
    }

    /**
     * Where a function of the driver is.
     *
     * @throws UnsatisfiedLinkError if this driver has none of that name
     */
    MemorySegment address(String name) {
        return symbols.find(name).orElseThrow(() -> missing(name));
    }

    private static UnsatisfiedLinkError missing(String name) {
        return new UnsatisfiedLinkError("the CUDA driver has no " + name);
    }

    /** A function that not every driver has. */
    Optional<MethodHandle> find(String name, FunctionDescriptor type) {
        return symbols.find(name).map(at -> Linker.nativeLinker().downcallHandle(at, type));
    }
}
