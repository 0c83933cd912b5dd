package sirocco.torch;

import java.util.List;
import sirocco.api.Axis;
import sirocco.api.Shape;

/** The order of a value's axes in a tensor of PyTorch. */
enum Form {
    /** [n,c,h,w]: pictures, weights of convolutions. */
    PICTURE,
    /** [n,h·w,c], or [n,c] where there is one pixel: tokens, features, weights of linear layers. */
    ROWS,
    /** [n,h,w,c]. */
    LOGICAL,
    /** [c], of a value [1,1,1,c]: biases and scales. */
    VECTOR;

    List<Integer> shape(Shape s) {
        return switch (this) {
            case PICTURE -> List.of(s.n(), s.c(), s.h(), s.w());
            case ROWS -> s.h() * s.w() == 1 ? List.of(s.n(), s.c()) : List.of(s.n(), s.h() * s.w(), s.c());
            case LOGICAL -> List.of(s.n(), s.h(), s.w(), s.c());
            case VECTOR -> List.of(s.c());
        };
    }

    /** The dimension of an axis; of {@link #PICTURE} and {@link #LOGICAL} only. */
    int dim(Axis axis) {
        return switch (this) {
            case PICTURE -> switch (axis) {
                case N -> 0;
                case C -> 1;
                case H -> 2;
                case W -> 3;
            };
            case LOGICAL -> axis.ordinal();
            case ROWS, VECTOR -> throw new IllegalStateException("axes of " + this + " are merged");
        };
    }

    static boolean isVector(Shape s) {
        return s.n() == 1 && s.h() == 1 && s.w() == 1;
    }
}
