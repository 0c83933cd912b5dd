package sirocco.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongBinaryOperator;

/**
 * The size of an axis at each of the batch sizes that a network was recorded at; one size if the batch is fixed or the size is the same at all.
 *
 * <p>Arithmetic on all of them at once needs no symbols: two sizes are equal for every batch size if they are equal at each of the recorded ones, which
 * {@link #inBatch} holds for sizes that grow linearly with the batch.
 */
record Dim(List<Long> at) {
    static final Dim ONE = of(1);

    Dim {
        long first = at.getFirst();
        at = at.stream().allMatch(x -> x == first) ? List.of(first) : List.copyOf(at);
    }

    static Dim of(long size) {
        return new Dim(List.of(size));
    }

    /** offset + factor · batch. */
    record Linear(long offset, long factor) { }

    boolean isConstant() {
        return at.size() == 1;
    }

    boolean isOne() {
        return isConstant() && first() == 1;
    }

    /** The size at the first recorded batch size: the only one, if it is constant. */
    long first() {
        return at.getFirst();
    }

    Dim times(Dim other) {
        return with(other, (a, b) -> a * b);
    }

    Dim plus(Dim other) {
        return with(other, Long::sum);
    }

    /** Returns how often {@code other} fits, if it does so without rest at every recorded batch size. */
    Optional<Dim> over(Dim other) {
        Dim rest = with(other, (a, b) -> a % b);
        return rest.isConstant() && rest.first() == 0 ? Optional.of(with(other, (a, b) -> a / b)) : Optional.empty();
    }

    private Dim with(Dim other, LongBinaryOperator f) {
        int count = Math.max(at.size(), other.at.size());
        List<Long> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(f.applyAsLong(at.get(Math.min(i, at.size() - 1)), other.at.get(Math.min(i, other.at.size() - 1))));
        }
        return new Dim(all);
    }

    /** Returns the size as a linear function of the batch size, if it is one. */
    Optional<Linear> inBatch(List<Integer> batches) {
        if (isConstant()) {
            return Optional.of(new Linear(first(), 0));
        }
        long rise = at.get(1) - at.get(0);
        long run = batches.get(1) - batches.get(0);
        long factor = rise / run;
        long offset = at.get(0) - factor * batches.get(0);
        for (int i = 0; i < at.size(); i++) {
            if (at.get(i) != offset + factor * batches.get(i)) {
                return Optional.empty();
            }
        }
        return Optional.of(new Linear(offset, factor));
    }

    @Override
    public String toString() {
        return isConstant() ? String.valueOf(first()) : at.toString();
    }
}
