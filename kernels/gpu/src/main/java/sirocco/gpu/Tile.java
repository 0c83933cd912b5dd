package sirocco.gpu;

/** Rows and columns of a matrix product's result that one work group computes. */
public record Tile(int rows, int columns) {
    /** Returns the name, as in 128x64. */
    public String label() {
        return rows + "x" + columns;
    }

    /** Returns the number of tiles that cover a result. */
    public long count(long resultRows, long resultColumns) {
        return Math.ceilDiv(resultRows, rows) * Math.ceilDiv(resultColumns, columns);
    }
}
