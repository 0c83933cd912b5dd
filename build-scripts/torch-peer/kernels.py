"""Kernels beside Sirocco's, at the shapes that `sirocco bench --kernels --json` names; and what the GPU can copy and multiply."""
import json
import math
import re

import torch
import torch.nn.functional as F

from clock import attempt, dtype, say, use_tf32

KINDS = {
    "conv": ("Conv2d", "Conv2dBackwardData", "Conv2dBackwardWeights"),
    "attention": ("Attention", "AttentionBackward"),
    "norm": ("GroupNorm", "GroupNormSilu", "GroupNormBackward", "GroupNormSiluBackward"),
}


def peaks(clock, device, result, save):
    """Rates of a copy and of a matrix product of each precision; saves after each."""
    tiny = device.type == "cpu"

    def copy():
        x = torch.randn((4 if tiny else 256) << 20, device=device)
        y = torch.empty_like(x)
        return 2 * x.nbytes / clock.kernel_ms(lambda: lambda: y.copy_(x)) * 1e-6

    def product(precision):
        use_tf32(precision)
        m = 512 if tiny else 8192
        a, b = (torch.randn(m, m, device=device, dtype=dtype(precision)) for _ in range(2))
        return 2 * m**3 / clock.kernel_ms(lambda: lambda: a @ b) * 1e-9

    rates = {"product_bf16_tflop_per_s": lambda: product("bf16"), "copy_gb_per_s": copy}
    for precision in ("tf32", "f32"):
        rates[f"product_{precision}_tflop_per_s"] = lambda precision=precision: product(precision)
    for name, measure in rates.items():
        rate = attempt(name, measure)
        if rate is not None:
            say(f"{name}: {rate:.1f}")
            result[name] = rate
            save()


SHAPE = re.compile(r"\[(\d+),(\d+),(\d+),(\d+)\](?: → (\d+), (\d+)×(\d+)(?:/(\d+))? pad ([\d,]+))?")


def kernel(row, device, dtype, compiled):
    """
    What does in PyTorch what a row of Sirocco's table does: a function that makes a call with operands of its own, and the same for what is to be
    taken off again, or None; None for a row without a peer. An operation's reverse runs on the stream of the operation itself, so that a capture must
    have both.

    compiled: by torch.compile. Only for norms, whose eager kernels first make channels_last contiguous.
    """
    parsed = SHAPE.match(row["shape"])
    if not parsed:
        return None
    n, h, w, c = map(int, parsed.groups()[:4])
    kind = row["kind"]

    def picture(channels, height=h, width=w):
        return torch.randn(n, channels, height, width, device=device, dtype=dtype).to(memory_format=torch.channels_last)

    if kind in KINDS["conv"] and parsed[5]:
        k, kh, kw, stride = int(parsed[5]), int(parsed[6]), int(parsed[7]), int(parsed[8] or 1)
        pads = [int(p) for p in parsed[9].split(",")]
        top, left, bottom, right = pads * 4 if len(pads) == 1 else pads
        # Uneven padding is a pass of its own in PyTorch: here the input comes padded already.
        even = top == left == bottom == right
        pad = [top, left] if even else [0, 0]

        def convolution():
            x = picture(c) if even else picture(c, h + top + bottom, w + left + right)
            weight = torch.randn(k, c, kh, kw, device=device, dtype=dtype).to(memory_format=torch.channels_last)
            if kind == "Conv2d":
                return lambda: F.conv2d(x, weight, None, stride, pad)
            oh, ow = ((size + 2 * p - window) // stride + 1 for size, p, window in zip(x.shape[2:], pad, (kh, kw)))
            dy = picture(k, oh, ow)
            mask = [kind == "Conv2dBackwardData", kind == "Conv2dBackwardWeights", False]
            return lambda: torch.ops.aten.convolution_backward(dy, x, weight, None, [stride] * 2, pad, [1, 1], False, [0, 0], 1, mask)

        return convolution, None
    if kind in KINDS["attention"]:
        back = kind == "AttentionBackward"

        def operands():
            return tuple(torch.randn(n, 1, h * w, c, device=device, dtype=dtype, requires_grad=back) for _ in range(3))

        return with_reverse(F.scaled_dot_product_attention, operands, back)
    if kind in KINDS["norm"]:
        back = kind.endswith("Backward")
        groups = math.gcd(32, c)

        def operands():
            x, gamma, beta = picture(c), torch.ones(c, device=device, dtype=dtype), torch.zeros(c, device=device, dtype=dtype)
            return tuple(t.requires_grad_(back) for t in (x, gamma, beta))

        def norm(x, gamma, beta):
            y = F.group_norm(x, groups, gamma, beta)
            return F.silu(y) if "Silu" in kind else y

        return with_reverse(torch.compile(norm, dynamic=False) if compiled else norm, operands, back)
    return None


def with_reverse(f, operands, back):
    def forward():
        of = operands()
        return lambda: f(*of)

    if not back:
        return forward, None

    def both():
        of = operands()
        dy = torch.randn_like(f(*of))
        return lambda: torch.autograd.grad(f(*of), of, dy)

    return both, forward


def kernels(clock, device, file, kinds, times, save):
    """Times what is in a file of Sirocco's and not in times yet, and saves after each. Norms twice: eager, and by torch.compile."""
    with open(file, encoding="utf-8") as f:
        bench = json.load(f)
    precision = bench["precision"]
    use_tf32(precision)
    wanted = {kind for name in kinds for kind in KINDS[name]}
    rows = [row for row in bench["kernels"] if row["kind"] in wanted]
    modes = ["eager", "compile"] if "norm" in kinds and device.type == "cuda" else ["eager"]
    for mode in modes:
        for row in rows:
            if mode == "compile" and row["kind"] not in KINDS["norm"]:
                continue
            key = {"kind": row["kind"], "shape": row["shape"], "precision": precision, "mode": mode}
            if any(all(t.get(name) == key[name] for name in key) for t in times):
                continue

            def timed():
                work = kernel(row, device, dtype(precision), mode == "compile")
                if work is None:
                    return None
                whole, less = work
                return clock.kernel_ms(whole) - (clock.kernel_ms(less) if less else 0)

            name = f"{row['kind']} {row['shape']}, {precision}, {mode}"
            ms = attempt(name, timed)
            if mode == "compile":
                torch.compiler.reset()
            if ms is not None:
                say(f"{name}: {ms * 1e3:.1f} µs")
                times.append({**key, "ms": ms, "readings": clock.readings()})
                save()
