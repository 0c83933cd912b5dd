"""Times on a GPU, or on a CPU to try the rest."""
import statistics
import sys
import time

import torch


class Clock:
    """Medians of rounds, each long enough that starting and stopping it do not count."""

    # Compilers compile, cuDNN tries its algorithms, and CUDA graphs of torch.compile are recorded in the first calls.
    WARM = 5

    def __init__(self, device, rounds, seconds):
        self.device, self.rounds, self.seconds = device, rounds, seconds

    def wait(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def ms(self, f):
        for _ in range(self.WARM):
            f()
        self.wait()
        start = time.perf_counter()
        f()
        self.wait()
        each = max(1, int(self.seconds / max(1e-6, time.perf_counter() - start)))
        times = []
        for _ in range(self.rounds):
            start = time.perf_counter()
            for _ in range(each):
                f()
            self.wait()
            times.append((time.perf_counter() - start) / each * 1e3)
        return statistics.median(times)

    def graph_ms(self, f):
        """A kernel's own time: captured as a CUDA graph, so that launching from Python does not count."""
        if self.device.type != "cuda":
            return self.ms(f)
        side = torch.cuda.Stream(self.device)
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(self.WARM):
                f()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            f()
        return self.ms(graph.replay)


def say(text):
    print(f"torch-peer: {text}", file=sys.stderr, flush=True)


def attempt(what, f):
    """Runs one measurement; what fails is said and left out."""
    try:
        return f()
    except Exception as e:  # whatever PyTorch throws, the next measurement goes on
        lines = [line.strip() for line in str(e).splitlines() if line.strip()]
        say(f"{what}: {type(e).__name__}: {' '.join(lines[:3])}")
        return None
    finally:
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def use_tf32(precision):
    """Whether float32's products may be TF32's: PyTorch's defaults are yes for convolutions and no for matrices."""
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    torch.backends.cudnn.allow_tf32 = precision == "tf32"


def dtype(precision):
    return torch.bfloat16 if precision == "bf16" else torch.float32
