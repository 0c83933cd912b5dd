package sirocco.train;

/**
 * How data becomes noise. Section {@code process} of {@link TrainConfig}.
 *
 * <p>The {@code with} methods return changed copies.
 */
public record ProcessOptions(
        @Setting("noise schedule: linear, scaled_linear, cosine, quadratic, sigmoid, logarithmic; own: that of the "
                + "folder to start from") String schedule,
        @Setting("diffusion steps T; 0: those of the folder to start from") int timesteps) {
    public ProcessOptions {
        SettingCheck.that(schedule != null, "process.schedule", schedule, "the name of a schedule");
        SettingCheck.that(timesteps >= 0 && timesteps <= 1_000_000, "process.timesteps", timesteps, "1 to 1000000, or 0 when starting from a folder");
    }

    public ProcessOptions withSchedule(String schedule) {
        return new ProcessOptions(schedule, timesteps);
    }

    public ProcessOptions withTimesteps(int timesteps) {
        return new ProcessOptions(schedule, timesteps);
    }
}
