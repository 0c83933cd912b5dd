package sirocco.cuda.kernel;

import java.util.List;
import sirocco.api.Op;

/** One way of computing an op, where there are several. */
public interface Variant<O extends Op> {
    /** As the rule and plans call it: v1 is the simplest. */
    String name();

    /** Whether it can compute this op here. */
    boolean fits(O op, Target target);

    Kernel kernel(O op, Target target);

    static List<String> names(List<? extends Variant<?>> variants) {
        return variants.stream().map(Variant::name).toList();
    }
}
