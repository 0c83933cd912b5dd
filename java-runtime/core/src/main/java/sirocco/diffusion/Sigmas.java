package sirocco.diffusion;

/**
 * Which noise levels a solver in σ visits. A process without timesteps reads {@code levels} and {@code end} only.
 *
 * @param spacing which timesteps are visited, fractional ones too
 * @param stepsOffset see {@link TimestepSpacing#LEADING}
 * @param levels how noise levels are spaced between the first and the last
 * @param end where sampling ends
 */
public record Sigmas(TimestepSpacing spacing, int stepsOffset, SigmaSpacing levels, DpmSolverPP.FinalSigma end) {
    public Sigmas {
        SolverProgram.checkOffset(stepsOffset);
    }
}
