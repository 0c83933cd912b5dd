package sirocco.bench.jmh;

import org.openjdk.jmh.annotations.Param;

/** The CIFAR-10 model's largest convolutions, all passes. */
public class ConvolutionBenchmark extends RowBenchmark {
    @Param({
        "conv-forward/16x128-128@32",
        "conv-forward/16x256-256@16",
        "conv-forward/16x256-256@8",
        "conv-forward-fresh/16x128-128@32",
        "conv-forward-fresh/16x256-256@16",
        "conv-backward-data/16x128-128@32",
        "conv-backward-data/16x256-256@16",
        "conv-backward-weights/16x128-128@32",
        "conv-backward-weights/16x256-256@16",
        "conv-1x1-forward/16x256-256@16"
    })
    public String row;

    @Override
    String row() {
        return row;
    }
}
