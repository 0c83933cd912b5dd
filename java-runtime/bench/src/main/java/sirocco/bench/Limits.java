package sirocco.bench;

import sirocco.bench.Row.Unit;
import sirocco.cpu.MachineLimits;
import sirocco.cpu.Workers;

/** What the machine can do at most, measured in the same rounds as a row: multiply-adds of registers alone, or a copy in memory. */
public final class Limits {
    private final MachineLimits machine;

    public Limits(Workers workers) {
        machine = new MachineLimits(workers);
    }

    /** Whether there is a limit for rows of a unit. */
    boolean has(Unit unit) {
        return unit == Unit.FLOPS || unit == Unit.BYTES;
    }

    /** What one run of {@link #work} does, in operations or bytes. */
    double amount(Unit unit) {
        return unit == Unit.FLOPS ? machine.multiply() : machine.copy();
    }

    /** The loop that reaches the limit. */
    Work work(Unit unit) {
        return new KernelWork() {
            @Override
            public void run() {
                amount(unit);
            }

            @Override
            float[][] read() {
                return new float[0][];
            }
        };
    }
}
