package sirocco.bench.jmh;

import org.openjdk.jmh.annotations.Param;

/** Noising with its noise. The peer has one memory format here: {@code -p side=sirocco,NCHW}. */
public class NoisingBenchmark extends RowBenchmark {
    @Param({
        "noising/128x3@32",
        "noising/64x3@16"
    })
    public String row;

    @Override
    String row() {
        return row;
    }
}
