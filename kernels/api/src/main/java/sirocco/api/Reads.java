package sirocco.api;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** An operand that the op reads: a component of type {@link Value}, {@code Optional<Value>} or {@code List<Value>}. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Reads {
    OperandRole value() default OperandRole.ACTIVATION;
}
