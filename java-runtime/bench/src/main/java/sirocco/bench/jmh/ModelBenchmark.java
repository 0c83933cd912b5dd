package sirocco.bench.jmh;

import org.openjdk.jmh.annotations.Param;

/** Whole models. */
public class ModelBenchmark extends RowBenchmark {
    @Param({
        "model-training/small-b64",
        "model-forward/small-b1",
        "model-forward/small-b64",
        "model-forward/cifar10-b8",
        "model-forward/cifar10-b1",
        "model-training/cifar10-b8"
    })
    public String row;

    @Override
    String row() {
        return row;
    }
}
