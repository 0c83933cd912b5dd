package sirocco.bench.jmh;

import org.openjdk.jmh.annotations.Param;

/** GroupNorm with SiLU, forward and both ways. */
public class GroupNormBenchmark extends RowBenchmark {
    @Param({
        "group-norm-silu/16x128@32",
        "group-norm-silu/16x256@16",
        "group-norm-silu/64x32@16",
        "group-norm-silu-both/16x128@32",
        "group-norm-silu-both/16x256@16",
        "group-norm-silu-both/64x32@16"
    })
    public String row;

    @Override
    String row() {
        return row;
    }
}
