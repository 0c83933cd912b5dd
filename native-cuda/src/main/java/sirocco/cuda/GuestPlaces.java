package sirocco.cuda;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import sirocco.api.Value;
import sirocco.cuda.driver.LaunchOperands.Operand;
import sirocco.cuda.kernel.Places;

/** Where a step finds its operands in memory that is another's, all of it float32, and a note of those that it has asked for. */
final class GuestPlaces implements Places {
    private final Function<Value, Operand> values;
    private final Operand scratch;
    private final long fault;
    private final int faultCode;
    private final ToLongFunction<long[]> tables;
    private final Set<Operand> asked = new LinkedHashSet<>();

    /**
     * @param scratch the step's working memory
     * @param fault see {@link Places#fault}
     * @param faultCode see {@link Places#faultCode}
     * @param tables writes a table to device memory of the step's own and says where
     */
    GuestPlaces(Function<Value, Operand> values, Operand scratch, long fault, int faultCode, ToLongFunction<long[]> tables) {
        this.values = values;
        this.scratch = scratch;
        this.fault = fault;
        this.faultCode = faultCode;
        this.tables = tables;
    }

    /** All that the step's launches may touch, once they are made. */
    List<Operand> asked() {
        return List.copyOf(asked);
    }

    private long noted(Operand operand) {
        asked.add(operand);
        return operand.address();
    }

    @Override
    public long at(Value v) {
        return noted(values.apply(v));
    }

    @Override
    public long weights(Value w) {
        return at(w);
    }

    @Override
    public long scratch() {
        return noted(scratch);
    }

    @Override
    public long table(long[] words) {
        return noted(new Operand(tables.applyAsLong(words), (long) words.length * Long.BYTES));
    }

    @Override
    public long fault() {
        return noted(new Operand(fault, Long.BYTES));
    }

    @Override
    public int faultCode() {
        return faultCode;
    }
}
