package sirocco.cuda.kernel;

import java.util.List;

/** Rows and columns of results of a thread block. */
record GemmTile(int rows, int columns) {
    String label() {
        return rows + "x" + columns;
    }

    long count(int rows, int columns) {
        return Launch.blocks(rows, this.rows) * Launch.blocks(columns, this.columns);
    }

    /**
     * The first that is more than half full and keeps three quarters of the multiprocessors busy, or the last. A larger one reads less for a
     * multiply-add, smaller ones are more.
     *
     * @param tiles largest first
     * @param parts into which the depth can be parted at most
     */
    static GemmTile of(List<GemmTile> tiles, Target target, int rows, int columns, int parts) {
        return tiles.stream().filter(t -> 2 * rows > t.rows && 2 * columns > t.columns && 4 * parts * t.count(rows, columns) >= 3L * target.multiprocessors())
                .findFirst().orElse(tiles.getLast());
    }
}
