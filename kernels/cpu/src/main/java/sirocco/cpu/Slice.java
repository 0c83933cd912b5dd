package sirocco.cpu;

/**
 * Where an operand begins: memory that a plan laid out, whose address does not change from run to run.
 *
 * @param array the memory
 * @param offset floats from its start to the operand's
 */
public record Slice(float[] array, int offset) {
}
