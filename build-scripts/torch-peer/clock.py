"""Times on a GPU, or on a CPU to try the rest."""
import statistics
import sys
import time

import torch


class Clock:
    """Medians of rounds, each long enough that starting and stopping it do not count."""

    # Compilers compile, cuDNN tries its algorithms, and CUDA graphs of torch.compile are recorded in the first calls.
    WARM = 5

    # Calls that one graph has: a replay of a single kernel would measure Python.
    CALLS = 20

    # Bytes of operands over which the calls of a graph rotate, unless CALLS operands are fewer: several times what the L2 cache of an H200 holds.
    ROTATING = 256 << 20

    def __init__(self, device, rounds=5, seconds=0.1):
        self.device, self.rounds, self.seconds = device, rounds, seconds

    def wait(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def heat(self, seconds):
        """Keeps the GPU busy, so that its clocks are those of work under load."""
        if self.device.type != "cuda":
            return
        x = torch.randn(4096, 4096, device=self.device, dtype=torch.bfloat16)
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            for _ in range(20):
                x @ x
            self.wait()

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

    def capture(self, f):
        """A CUDA graph of f, which was called before on another stream, as capturing demands."""
        side = torch.cuda.Stream(self.device)
        side.wait_stream(torch.cuda.current_stream(self.device))
        with torch.cuda.stream(side):
            for _ in range(self.WARM):
                f()
        torch.cuda.current_stream(self.device).wait_stream(side)
        self.wait()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=side):
            f()
        return graph

    def kernel_ms(self, make):
        """
        A kernel's own time: CALLS calls in one CUDA graph, so that launching from Python does not count, over operands that are not in the cache.

        make: returns a call with operands of its own.
        """
        if self.device.type != "cuda":
            return self.ms(make())
        before = torch.cuda.memory_allocated(self.device)
        calls = [make()]
        each = max(1, torch.cuda.memory_allocated(self.device) - before)
        calls += [make() for _ in range(min(self.CALLS, max(2, self.ROTATING // each + 1)) - 1)]

        def all_of_them():
            for i in range(self.CALLS):
                calls[i % len(calls)]()

        return self.ms(self.capture(all_of_them).replay) / self.CALLS

    def readings(self):
        """What the GPU's sensors say, if pynvml, by which PyTorch asks them, is installed."""
        if self.device.type != "cuda":
            return {}
        result = {}
        for name, f, unit in (("sm_mhz", torch.cuda.clock_rate, 1), ("celsius", torch.cuda.temperature, 1), ("watts", torch.cuda.power_draw, 1e-3)):
            try:
                result[name] = f(self.device) * unit
            except Exception:  # no pynvml, or a sensor that there is not: times are worth having without
                pass
        return result


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
