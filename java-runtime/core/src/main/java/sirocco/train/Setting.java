package sirocco.train;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** What a leaf of {@link TrainConfig} means. The command line makes its flags and their help from it. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Setting {
    /** The description, for a help text. */
    String value();

    /** The name in the flat form of a configuration, and of the short flag; empty for the component's own. */
    String flat() default "";
}
