package sirocco.nn.layer;

import java.util.List;
import sirocco.nn.Parameter;

/** A part of a model: its {@code apply} records ops and computes nothing. */
public interface Layer {
    /** Its weights, in the order of a model file. */
    List<Parameter> parameters();
}
