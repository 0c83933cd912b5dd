package sirocco.testkit;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;

/**
 * Where golden tests find their cases. They read the repository's own golden data ({@value #OWN}), of which every case must be supported, or the folder
 * that the system property {@value #PROPERTY} names, of which the cases that are not supported are listed.
 */
public final class GoldenTests {
    /** System property that names another folder; a relative path starts at the root of the repository. */
    public static final String PROPERTY = "sirocco.golden";

    private static final String OWN = "java-runtime/golden";
    private static final String CHOSEN = System.getProperty(PROPERTY);

    private GoldenTests() { }

    /** Returns the folder that golden tests read. */
    public static Path root() {
        return Path.of(System.getProperty("sirocco.root", "../..")).resolve(CHOSEN != null ? CHOSEN : OWN).normalize();
    }

    /**
     * Returns all golden data of {@link #root()}.
     *
     * @throws IOException if the folder is missing or cannot be read
     */
    public static List<GoldenFolder> folders() throws IOException {
        return GoldenFolder.find(root());
    }

    /** Returns true if {@value #PROPERTY} names the folder, which may then lack cases of a kind or have cases that are not supported. */
    public static boolean othersData() {
        return CHOSEN != null;
    }

    /**
     * Returns a test for a case that is not supported. It prints the case and the reason, and is skipped; with the repository's own data it fails.
     *
     * @param name the case
     * @param reason why it is not supported
     */
    public static DynamicTest unsupported(String name, String reason) {
        return DynamicTest.dynamicTest(name + ": not supported", () -> {
            if (!othersData()) {
                fail(name + ": golden case is not supported: " + reason);
            }
            System.out.println("golden case not supported: " + name + ": " + reason);
            abort(name + ": " + reason);
        });
    }
}
