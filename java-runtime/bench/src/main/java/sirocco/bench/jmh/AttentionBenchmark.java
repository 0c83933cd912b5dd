package sirocco.bench.jmh;

import org.openjdk.jmh.annotations.Param;

/** Attention without its projections. The peer has one memory format here: {@code -p side=sirocco,tokens}. */
public class AttentionBenchmark extends RowBenchmark {
    @Param({
        "attention/16x256x1x256",
        "attention/64x64x1x64",
        "attention-both/16x256x1x256",
        "attention-both/64x64x1x64"
    })
    public String row;

    @Override
    String row() {
        return row;
    }
}
