package sirocco.sample;

import java.util.List;
import sirocco.api.Device;
import sirocco.api.Executable;
import sirocco.api.Plan;
import sirocco.data.Batch;
import sirocco.data.Column;
import sirocco.data.Samples;
import sirocco.diffusion.BetaSchedule;
import sirocco.diffusion.Ddpm;
import sirocco.diffusion.DiscreteProcess;
import sirocco.diffusion.Guide;
import sirocco.diffusion.NoiseSchedule;
import sirocco.diffusion.Prediction;
import sirocco.diffusion.TimestepSpacing;
import sirocco.nn.Condition;
import sirocco.nn.Network;
import sirocco.nn.Weights;

/** A DDPM chain's steps, network and sampler together, ready to be run over and over: for benchmarks and profiles. */
public final class SampleBench implements AutoCloseable {
    /** The chain begins again after so many steps; the other half of the table is left for traces, which advance it too. */
    private static final int HALF = 500;

    private final ImageSampler sampler;
    /** Conditions of all images; their values cost no time. */
    private final Samples zeros;
    private int done;

    /** With a model's initial weights of seed 0. */
    public SampleBench(Device device, Network model, int batch) {
        this(device, model, Weights.initial(model.config(), 0), batch);
    }

    public SampleBench(Device device, Network model, Weights weights, int batch) {
        zeros = zeros(model.conditions().stream().map(Condition::column).toList());
        NoiseSchedule schedule = NoiseSchedule.of(BetaSchedule.LINEAR, 2 * HALF);
        Ddpm ddpm = new Ddpm(Ddpm.Variance.FIXED_SMALL, 1, TimestepSpacing.LEADING, 0);
        sampler = new ImageSampler(device, model, ddpm.program(new DiscreteProcess(schedule, Prediction.EPSILON), schedule.T()), batch, Guide.NONE).load(weights);
        restart();
    }

    private static Samples zeros(List<Column> columns) {
        return new Samples() {
            @Override
            public String name() {
                return "zeros";
            }

            @Override
            public long size() {
                return UNLIMITED;
            }

            @Override
            public List<Column> columns() {
                return columns;
            }

            @Override
            public void read(long index, Batch into, int row) {
                // A batch is zero from the beginning.
            }
        };
    }

    private void restart() {
        sampler.begin(0, 0, zeros);
        done = 0;
    }

    public Plan plan() {
        return sampler.plan();
    }

    /** To be waited for, or traced up to 500 times. */
    public Executable executable() {
        return sampler.executable();
    }

    /** So many steps, as a chain walks them where nobody looks. */
    public void steps(int n) {
        for (int left = n; left > 0;) {
            if (done == HALF) {
                restart();
            }
            int now = Math.min(left, HALF - done);
            sampler.executable().repeat(now);
            done += now;
            left -= now;
        }
    }

    @Override
    public void close() {
        sampler.close();
    }
}
