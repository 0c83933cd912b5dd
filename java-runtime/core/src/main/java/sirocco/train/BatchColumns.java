package sirocco.train;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import sirocco.api.DType;
import sirocco.api.GraphBuilder;
import sirocco.api.Shape;
import sirocco.api.Value;
import sirocco.data.Column;

/**
 * The columns of a training step's batch. Only columns that are read have an input. If the dataset lies on the device, columns of bytes are gathered there,
 * and the host writes the others, which are small.
 */
final class BatchColumns {
    private final GraphBuilder g;
    private final int batch;
    private final List<Column> offered;
    private final OptionalInt size;
    private final Map<String, Value> read = new LinkedHashMap<>();
    private final Map<Column, Value> written = new LinkedHashMap<>();
    private final Map<Column, Value> datasets = new LinkedHashMap<>();
    private Value ids;

    /**
     * @param offered the columns of the samples
     * @param size samples of the dataset if it lies on the device
     */
    BatchColumns(GraphBuilder g, int batch, List<Column> offered, OptionalInt size) {
        this.g = g;
        this.batch = batch;
        this.offered = offered;
        this.size = size;
    }

    /** Returns a column of the batch, [n,h,w,c]. */
    Value get(String name) {
        Value known = read.get(name);
        if (known == null) {
            Column column = offered.stream().filter(c -> c.name().equals(name)).findFirst().orElseThrow(() -> new IllegalArgumentException(
                    "training data: there is no column \"" + name + "\" (expected one of " + offered.stream().map(Column::name).toList() + ")."));
            known = size.isPresent() && column.type() == DType.U8 ? gathered(column) : input(column);
            read.put(name, known);
        }
        return known;
    }

    private Value input(Column column) {
        Value v = column.input(g, batch);
        written.put(column, v);
        return v;
    }

    private Value gathered(Column column) {
        Value dataset = g.input("dataset." + column.name(), column.shape().withN(size.getAsInt()), column.type());
        if (ids == null) {
            ids = g.input("ids", Shape.features(batch, 1), DType.I32);
        }
        datasets.put(column, dataset);
        return g.in("batch", () -> g.gatherImages(dataset, ids));
    }

    /** Returns the inputs that the host writes for each batch. */
    Map<Column, Value> written() {
        return written;
    }

    Optional<TrainGraph.Resident> resident() {
        return ids == null ? Optional.empty() : Optional.of(new TrainGraph.Resident(datasets, ids));
    }
}
