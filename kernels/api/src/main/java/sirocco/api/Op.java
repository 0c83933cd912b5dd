package sirocco.api;

import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/**
 * THE contract: what a backend computes. Each family of ops is a file with its records, their gradient rules and the methods that record them.
 *
 * <p><b>Two tiers.</b> <i>Primitives</i> are what every backend implements. <i>Fused</i> ops have a {@link #decompose decomposition} into simpler ones: a
 * backend may have a kernel for one, and where it has none {@link Lowering} replaces it. A new composite op therefore runs on every backend the day it is
 * written; a kernel for it is an optimization.
 *
 * <p><b>Operands.</b> A record's components are annotated with what the op does with them ({@link Reads}, {@link Writes}, {@link Updates}) and with their
 * {@link OperandRole}. Everything else is an attribute. What changes from run to run (seed, step, learning rate, coefficients) is an operand, never an
 * attribute, because a captured replay would freeze it.
 *
 * <p><b>Gradients.</b> {@link #reverse} is the op's rule. Gradients of activations are written; gradients of parameters accumulate, and the optimizer zeroes
 * them, so that micro-batches add up.
 *
 * <p>Reductions have a fixed order: the same inputs on the same backend give the same bits. Noise is {@link Philox}, addressed by sample index, step, stream
 * and element, so an image does not depend on its batch. {@code rng} is always I32 [1,1,1,4] = (seed low, seed high, step, 0); {@code index} is I32
 * [n,1,1,1], the sample index of each image.
 */
public sealed interface Op permits Attention, Conditioning, Convolution, Diffusion, Loss, Movement, Normalization, Optimizer, Pointwise, Product, Random,
        Reduction {
    /** The records of all families. */
    static List<Class<? extends Op>> records() {
        return Stream.of(Op.class.getPermittedSubclasses()).flatMap(family -> Stream.of(family.getPermittedSubclasses()))
                .<Class<? extends Op>>map(record -> record.asSubclass(Op.class)).toList();
    }

    /** Every operand, in the order of the record's components. */
    default List<Operand> operands() {
        return Operands.of(this);
    }

    /** The values that it reads. */
    default List<Value> inputs() {
        return Operands.with(this, Operand.Access.READ);
    }

    /** The values that it writes whole. */
    default List<Value> outputs() {
        return Operands.with(this, Operand.Access.WRITTEN);
    }

    /** The persistent values that it changes in place. */
    default List<Value> updates() {
        return Operands.with(this, Operand.Access.UPDATED);
    }

    /**
     * Records the op by simpler ones, its updates included.
     *
     * @return what stands for each of {@link #outputs}, in their order; empty if this op is a primitive, with nothing recorded
     */
    default Optional<List<Value>> decompose(GraphBuilder g) {
        return Optional.empty();
    }

    /** Records the gradients of what it reads, given those of what it writes. */
    void reverse(Reverse r);

    /** The same op on other values; {@code by} receives each operand and what the op does with it. */
    default Op withOperands(BiFunction<Value, Operand.Access, Value> by) {
        return Operands.replace(this, by);
    }

    /** Floating-point operations of the textbook algorithm, a multiply-add counting two; 0 if only memory traffic matters. */
    default long flops() {
        return 0;
    }

    /**
     * Bytes that any way of computing it must move: each input read once, each output written once, what is updated both.
     *
     * @param size of a value as it is stored
     */
    default long bytes(ToLongFunction<Value> size) {
        return inputs().stream().mapToLong(size).sum() + outputs().stream().mapToLong(size).sum() + 2 * updates().stream().mapToLong(size).sum();
    }

    /** The op's name in dumps, errors and tuning files: the record's name unless it says otherwise. */
    default String kind() {
        return getClass().getSimpleName();
    }

    /** The op with its shapes and attributes, without names: the same for all ops that a kernel computes alike. */
    default String signature() {
        return OpSignature.of(this);
    }
}
