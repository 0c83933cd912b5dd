package sirocco.cuda.kernel;

/**
 * What kernels are chosen for.
 *
 * @param architecture ten times the compute capability, as in sm_90
 * @param multiprocessors streaming multiprocessors
 * @param sharedBytes shared memory that a block may have at most
 * @param activations how activations are stored
 * @param tf32 whether products of float32 may be of operands rounded to TF32
 */
public record Target(int architecture, int multiprocessors, int sharedBytes, Storage activations, boolean tf32) { }
