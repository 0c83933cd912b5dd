#!/usr/bin/env python3
"""Times PyTorch on the GPU that Sirocco was timed on: peaks, the same kernels at the same shapes, the same U-Net's steps.

    torch-peer.py --out torch.json [--kernels bench.json] [--quick] [--device cuda]

bench.json is what `sirocco bench --kernels --json` wrote: its convolutions, attentions and norms are timed here at the shapes it names.
bf16 by autocast, channels_last, cudnn.benchmark; steps eager, under torch.compile, and torch.compile with CUDA graphs.
"""
import argparse
import json
import math
import re
import statistics
import sys
import time

try:
    import torch
    import torch.nn.functional as F
    from torch import nn
except ImportError as e:
    sys.exit(f"torch-peer: {e}")


# ---- the model ---------------------------------------------------------------------------------------------------------------------


class ResBlock(nn.Module):
    """Ho et al. 2020: norm, SiLU, 3x3 convolution, twice, with the time embedding between and dropout before the second."""

    def __init__(self, cin, cout, embedding, groups, dropout):
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, cin, eps=1e-6)
        self.conv1 = nn.Conv2d(cin, cout, 3, padding=1)
        self.time = nn.Linear(embedding, cout)
        self.norm2 = nn.GroupNorm(groups, cout, eps=1e-6)
        self.dropout = nn.Dropout(dropout)
        self.conv2 = nn.Conv2d(cout, cout, 3, padding=1)
        self.shortcut = nn.Conv2d(cin, cout, 1) if cin != cout else nn.Identity()

    def forward(self, x, e):
        h = self.conv1(F.silu(self.norm1(x)))
        h = h + self.time(F.silu(e))[:, :, None, None]
        h = self.conv2(self.dropout(F.silu(self.norm2(h))))
        return h + self.shortcut(x)


class Attention(nn.Module):
    """Self-attention over pixels, one head."""

    def __init__(self, c, groups):
        super().__init__()
        self.norm = nn.GroupNorm(groups, c, eps=1e-6)
        self.q, self.k, self.v, self.out = (nn.Linear(c, c) for _ in range(4))

    def forward(self, x):
        n, c, h, w = x.shape
        t = self.norm(x).permute(0, 2, 3, 1).reshape(n, 1, h * w, c)
        y = self.out(F.scaled_dot_product_attention(self.q(t), self.k(t), self.v(t)))
        return x + y.reshape(n, h, w, c).permute(0, 3, 1, 2)


class UNet(nn.Module):
    """35,746,307 parameters as it stands: the CIFAR-10 model of Ho et al. 2020 as diffusers' UNet2DModel lays it out."""

    def __init__(self, colours=3, widths=(128, 256, 256, 256), blocks=2, attention=(1,), groups=32, dropout=0.1):
        super().__init__()
        self.base = widths[0]
        e = 4 * self.base
        self.time1, self.time2 = nn.Linear(self.base, e), nn.Linear(e, e)
        self.conv_in = nn.Conv2d(colours, self.base, 3, padding=1)
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        skips, c = [self.base], self.base

        def block(cin, level):
            parts = [ResBlock(cin, widths[level], e, groups, dropout)]
            if level in attention:
                parts.append(Attention(widths[level], groups))
            return nn.ModuleList(parts)

        for level, width in enumerate(widths):
            for _ in range(blocks):
                self.down.append(block(c, level))
                c = width
                skips.append(c)
            if level < len(widths) - 1:
                self.down.append(nn.ModuleList([nn.Conv2d(c, c, 3, stride=2)]))
                skips.append(c)
        self.mid = nn.ModuleList([ResBlock(c, c, e, groups, dropout), Attention(c, groups), ResBlock(c, c, e, groups, dropout)])
        for level in reversed(range(len(widths))):
            for _ in range(blocks + 1):
                self.up.append(block(c + skips.pop(), level))
                c = widths[level]
            if level > 0:
                self.up.append(nn.ModuleList([nn.Conv2d(c, c, 3, padding=1)]))
        self.norm_out = nn.GroupNorm(groups, c, eps=1e-6)
        self.conv_out = nn.Conv2d(c, colours, 3, padding=1)

    @staticmethod
    def run(block, x, e):
        for part in block:
            x = part(x, e) if isinstance(part, ResBlock) else part(x)
        return x

    def forward(self, x, t):
        half = self.base // 2
        f = torch.exp(torch.arange(half, device=x.device) * (-math.log(10_000) / (half - 1)))
        a = t[:, None] * f[None]
        e = self.time2(F.silu(self.time1(torch.cat([a.sin(), a.cos()], 1))))
        h = self.conv_in(x)
        skips = [h]
        for b in self.down:
            h = b[0](F.pad(h, (0, 1, 0, 1))) if isinstance(b[0], nn.Conv2d) else self.run(b, h, e)
            skips.append(h)
        h = self.run(self.mid, h, e)
        for b in self.up:
            if isinstance(b[0], nn.Conv2d):
                h = b[0](F.interpolate(h, scale_factor=2.0, mode="nearest"))
            else:
                h = self.run(b, torch.cat([h, skips.pop()], 1), e)
        return self.conv_out(F.silu(self.norm_out(h)))


# ---- timing ------------------------------------------------------------------------------------------------------------------------


class Clock:
    """Medians of rounds, each long enough that starting and stopping it do not count."""

    def __init__(self, device, rounds, seconds):
        self.device, self.rounds, self.seconds = device, rounds, seconds

    def wait(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def ms(self, f):
        for _ in range(3):
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
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                f()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            f()
        return self.ms(graph.replay)


def attempt(what, f):
    """Runs one measurement; what fails is said and left out."""
    try:
        return f()
    except Exception as e:  # whatever PyTorch throws, the next measurement goes on
        print(f"torch-peer: {what}: {type(e).__name__}: {str(e).splitlines()[0] if str(e) else ''}", file=sys.stderr)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        return None


def peaks(clock, device, quick):
    mebi = 16 if quick else 256
    x = torch.empty(mebi << 20, device=device)
    y = torch.empty_like(x)
    result = {"copy_gb_per_s": 2 * x.nbytes / clock.graph_ms(lambda: y.copy_(x)) * 1e-6}
    del x, y
    m = 512 if quick else 8192
    for name, dtype in (("bf16", torch.bfloat16), ("f32", torch.float32)):
        a, b = (torch.randn(m, m, device=device, dtype=dtype) for _ in range(2))
        result[f"product_{name}_tflop_per_s"] = 2 * m**3 / clock.graph_ms(lambda: a @ b) * 1e-9
    return result


# ---- kernels -----------------------------------------------------------------------------------------------------------------------

SHAPE = re.compile(r"\[(\d+),(\d+),(\d+),(\d+)\](?: → (\d+), (\d+)×(\d+)(?:/(\d+))? pad ([\d,]+))?")


def kernel(row, device, dtype):
    """What does in PyTorch what a row of Sirocco's table does, ready to be timed; None for a row without a peer."""
    parsed = SHAPE.match(row["shape"])
    if not parsed:
        return None
    n, h, w, c = map(int, parsed.groups()[:4])
    kind = row["kind"]

    def picture(channels, height=h, width=w):
        return torch.randn(n, channels, height, width, device=device, dtype=dtype).to(memory_format=torch.channels_last)

    if kind.startswith("Conv2d") and parsed[5]:
        k, kh, kw, stride = int(parsed[5]), int(parsed[6]), int(parsed[7]), int(parsed[8] or 1)
        pads = [int(p) for p in parsed[9].split(",")]
        top, left, bottom, right = pads * 4 if len(pads) == 1 else pads
        # Uneven padding is a pass of its own in PyTorch: here the input comes padded already.
        even = top == left == bottom == right
        x = picture(c) if even else picture(c, h + top + bottom, w + left + right)
        weight = torch.randn(k, c, kh, kw, device=device, dtype=dtype).to(memory_format=torch.channels_last)
        pad = [top, left] if even else [0, 0]
        if kind == "Conv2d":
            return lambda: F.conv2d(x, weight, None, stride, pad)
        dy = torch.randn_like(F.conv2d(x, weight, None, stride, pad))
        mask = [kind == "Conv2dBackwardData", kind == "Conv2dBackwardWeights", False]
        return lambda: torch.ops.aten.convolution_backward(dy, x, weight, None, [stride] * 2, pad, [1, 1], False, [0, 0], 1, mask)
    if kind in ("Attention", "AttentionBackward"):
        q, k, v = (torch.randn(n, 1, h * w, c, device=device, dtype=dtype, requires_grad=True) for _ in range(3))
        if kind == "Attention":
            return lambda: F.scaled_dot_product_attention(q, k, v)
        y = F.scaled_dot_product_attention(q, k, v)
        dy = torch.randn_like(y)
        return lambda: torch.autograd.grad(y, (q, k, v), dy, retain_graph=True)
    if kind in ("GroupNorm", "GroupNormSilu"):
        x, gamma, beta = picture(c), torch.ones(c, device=device, dtype=dtype), torch.zeros(c, device=device, dtype=dtype)
        groups = math.gcd(32, c)
        if kind == "GroupNorm":
            return lambda: F.group_norm(x, groups, gamma, beta)
        return lambda: F.silu(F.group_norm(x, groups, gamma, beta))
    return None


def kernels(clock, device, file):
    with open(file, encoding="utf-8") as f:
        bench = json.load(f)
    dtype = torch.bfloat16 if bench["precision"] == "bf16" else torch.float32
    times = []
    for row in bench["kernels"]:
        f = attempt(row["kind"] + " " + row["shape"], lambda: kernel(row, device, dtype))
        if f and not any((t["kind"], t["shape"]) == (row["kind"], row["shape"]) for t in times):
            ms = attempt(row["kind"] + " " + row["shape"], lambda: clock.graph_ms(f))
            if ms is not None:
                times.append({"kind": row["kind"], "shape": row["shape"], "precision": bench["precision"], "ms": ms})
    return times


# ---- steps -------------------------------------------------------------------------------------------------------------------------

MODES = {"eager": None, "compile": "default", "compile+graphs": "reduce-overhead"}


def cast(device, precision):
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")


def training(device, unet, batch, size, precision, mode):
    model = unet().to(device, memory_format=torch.channels_last).train()
    average = [p.detach().clone() for p in model.parameters()]
    adam = torch.optim.Adam(model.parameters(), lr=1e-4, fused=device.type == "cuda")
    net = torch.compile(model, mode=MODES[mode]) if MODES[mode] else model
    images = torch.rand(batch, 3, size, size, device=device).to(memory_format=torch.channels_last) * 2 - 1
    alphas = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000, device=device), 0)

    def step():
        if MODES[mode]:
            torch.compiler.cudagraph_mark_step_begin()
        t = torch.randint(0, 1000, (batch,), device=device)
        noise = torch.randn_like(images)
        a = alphas[t][:, None, None, None]
        noisy = a.sqrt() * images + (1 - a).sqrt() * noise
        with cast(device, precision):
            loss = F.mse_loss(net(noisy, t).float(), noise)
        adam.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=True)
        adam.step()
        torch._foreach_lerp_(average, [p.detach() for p in model.parameters()], 1e-4)

    return step


def sampling(device, unet, batch, size, precision, mode):
    model = unet().to(device, memory_format=torch.channels_last).eval().requires_grad_(False)

    def chain_step(x, t, c):
        with cast(device, precision):
            out = model(x, t).float()
        x0 = (c[0] * x + c[1] * out).clamp(-1, 1)
        return c[2] * x + c[3] * x0 + c[4] * torch.randn_like(x)

    f = torch.compile(chain_step, mode=MODES[mode]) if MODES[mode] else chain_step
    x = torch.randn(batch, 3, size, size, device=device).to(memory_format=torch.channels_last)
    t = torch.full((batch,), 500.0, device=device)
    c = torch.tensor([1.1, -0.4, 0.99, 0.01, 0.1], device=device)

    @torch.no_grad()
    def step():
        if MODES[mode]:
            torch.compiler.cudagraph_mark_step_begin()
        f(x, t, c)

    return step


def steps(clock, device, quick):
    tiny = device.type == "cpu"
    unet = (lambda: UNet(widths=(16, 32), groups=8)) if tiny else UNet
    size = 8 if tiny else 32
    rows = [("train", 128), ("sample", 256), ("sample", 1)]
    results = []
    for precision in ("bf16", "f32"):
        for what, batch in rows:
            batch = min(batch, 2) if tiny else batch
            for mode in ("eager",) if quick or tiny else MODES:
                make = training if what == "train" else sampling
                name = f"{what}, batch {batch}, {precision}, {mode}"
                ms = attempt(name, lambda: clock.ms(make(device, unet, batch, size, precision, mode)))
                if ms is not None:
                    print(f"torch-peer: {name}: {ms:.3f} ms", file=sys.stderr)
                    results.append({"what": what, "batch": batch, "precision": precision, "mode": mode, "ms": ms})
                if MODES[mode]:
                    torch.compiler.reset()
    return results


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--out", required=True)
    p.add_argument("--kernels", action="append", default=[])
    p.add_argument("--quick", action="store_true")
    p.add_argument("--device", default="cuda")
    a = p.parse_args()
    device = torch.device(a.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        sys.exit("torch-peer: this PyTorch sees no CUDA device")
    torch.backends.cudnn.benchmark = True
    count = sum(q.numel() for q in UNet().parameters())
    if count != 35_746_307:
        sys.exit(f"torch-peer: the U-Net has {count} parameters, expected 35746307: it is not the model that Sirocco times")
    clock = Clock(device, 3 if a.quick else 7, 0.05 if a.quick else 0.2)
    report = {
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "peaks": attempt("peaks", lambda: peaks(clock, device, a.quick)),
        "kernels": [row for f in a.kernels for row in attempt(f, lambda: kernels(clock, device, f)) or []],
        "steps": steps(clock, device, a.quick),
    }
    with open(a.out, "w", encoding="utf-8") as f:
        json.dump(report, f, indent=2)


if __name__ == "__main__":
    main()
