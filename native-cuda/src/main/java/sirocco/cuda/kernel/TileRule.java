package sirocco.cuda.kernel;

import java.util.List;
import sirocco.gpu.Tile;

/** The choice of the tile of results that a thread block computes. */
final class TileRule {
    private TileRule() { }

    /**
     * The first that is more than half full and keeps three quarters of the multiprocessors busy, or the last. A larger one reads less for a
     * multiply-add, smaller ones are more.
     *
     * @param tiles largest first
     * @param parts into which the depth can be parted at most
     */
    static Tile choose(List<Tile> tiles, Target target, int rows, int columns, int parts) {
        return tiles.stream().filter(t -> 2 * rows > t.rows() && 2 * columns > t.columns()
                && 4 * parts * t.count(rows, columns) >= 3L * target.multiprocessors()).findFirst().orElse(tiles.getLast());
    }
}
