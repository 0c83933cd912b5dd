package sirocco.gpu;

import java.util.function.Function;
import sirocco.api.Value;

/**
 * The device memory of one step. Values are dense, in NHWC order, F32 values in float32.
 *
 * @param values memory of each operand, at multiples of {@link ExternalStream#ALIGNMENT} bytes
 * @param scratch {@link PlannedKernel#scratchBytes} of working memory, aligned likewise
 * @param fault address of 8 bytes, a multiple of 8. A kernel that meets bad data writes the offending number to the low half and the fault code to the
 *     high half.
 * @param faultCode identifies the step in a report; not 0
 */
public record StepBuffers(Function<Value, DeviceBuffer> values, DeviceBuffer scratch, long fault, int faultCode) { }
