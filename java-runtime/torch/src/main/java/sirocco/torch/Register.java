package sirocco.torch;

/** The place of a tensor in a {@link TorchProgram}. */
public record Register(int number) { }
