package sirocco.api;

import java.util.Set;

/** An activation with its groups of channels as an axis, for the decompositions of group normalization. */
final class ChannelGroups {
    /** The axes of a group: its pixels and its channels. */
    static final Set<Axis> AXES = Set.of(Axis.H, Axis.C);

    private ChannelGroups() { }

    /** [n,h,w,c] → [n,h·w,groups,c/groups]. */
    static Value split(GraphBuilder g, Value x, int groups) {
        Shape s = x.shape();
        return g.reshape(x, new Shape(s.n(), s.h() * s.w(), groups, s.c() / groups));
    }
}
