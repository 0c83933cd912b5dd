package sirocco.model;

import java.util.List;

/** A part of a model: its {@code apply} records ops and computes nothing. */
interface Layer {
    /** Its weights, in the order of a model file. */
    List<Parameter> parameters();
}
