package sirocco.cpu.norm;

import sirocco.cpu.Layout;
import sirocco.cpu.Workers;
import sirocco.cpu.pointwise.Convert;

/** An operand of a kernel that works on blocked values: where it is plain, a blocked copy in scratch memory stands in for it. */
final class BlockedOperand {
    /** Of what the kernel sees. */
    final Layout layout;
    private final Convert in;
    private final Convert back;
    float[] array;
    int offset;
    private float[] plain;
    private int offsetPlain;

    private BlockedOperand(Layout layout, Convert in, Convert back) {
        this.layout = layout;
        this.in = in;
        this.back = back;
    }

    static BlockedOperand read(Layout given, Workers workers) {
        Layout layout = blocked(given);
        return new BlockedOperand(layout, given.blocked() ? null : new Convert(given, layout, workers), null);
    }

    static BlockedOperand written(Layout given, Workers workers) {
        Layout layout = blocked(given);
        return new BlockedOperand(layout, null, given.blocked() ? null : new Convert(layout, given, workers));
    }

    private static Layout blocked(Layout given) {
        return given.blocked() ? given : Layout.blocked(given.n(), given.h(), given.w(), given.c(), 0);
    }

    /** Of the copy; 0 where none is needed. */
    long scratchFloats() {
        return in == null && back == null ? 0 : layout.floats();
    }

    /**
     * Takes the operand's place; one that is read and plain is copied.
     *
     * @param free the first free float of the scratch memory
     * @return the first float that is free after this
     */
    int place(float[] a, int at, float[] scratch, int free) {
        boolean copied = in != null || back != null;
        plain = a;
        offsetPlain = at;
        array = copied ? scratch : a;
        offset = copied ? free : at;
        if (in != null) {
            in.run(a, at, scratch, free);
        }
        return free + (int) scratchFloats();
    }

    /** What was written into the copy, if there is one, goes where it belongs. */
    void writeBack() {
        if (back != null) {
            back.run(array, offset, plain, offsetPlain);
        }
    }

    /** Where a plane's pixel (0,0) is. */
    int origin(int image, int block) {
        return offset + layout.origin(image, block);
    }
}
