"""Kernels beside Sirocco's, at the shapes that `sirocco bench --kernels --json` names; and what the GPU can copy and multiply."""
import json
import math
import re

import torch
import torch.nn.functional as F

from clock import attempt, dtype, use_tf32


def peaks(clock, device, quick):
    """Rates of a copy and of a matrix product of each precision."""
    result = {}

    def copy():
        x = torch.empty((64 if quick else 256) << 20, device=device)
        y = torch.empty_like(x)
        return 2 * x.nbytes / clock.graph_ms(lambda: y.copy_(x)) * 1e-6

    def product(precision):
        use_tf32(precision)
        m = 512 if device.type == "cpu" else 8192
        a, b = (torch.randn(m, m, device=device, dtype=dtype(precision)) for _ in range(2))
        return 2 * m**3 / clock.graph_ms(lambda: a @ b) * 1e-9

    result["copy_gb_per_s"] = attempt("copy", copy)
    for precision in ("bf16", "tf32", "f32"):
        result[f"product_{precision}_tflop_per_s"] = attempt(f"product, {precision}", lambda: product(precision))
    return {name: rate for name, rate in result.items() if rate is not None}


SHAPE = re.compile(r"\[(\d+),(\d+),(\d+),(\d+)\](?: → (\d+), (\d+)×(\d+)(?:/(\d+))? pad ([\d,]+))?")


def kernel(row, device, dtype):
    """
    What does in PyTorch what a row of Sirocco's table does: what is to be timed, and what of it is to be taken off again or None; None for a row
    without a peer. An operation's reverse runs on the stream of the operation itself, so that a capture must have both.
    """
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
            return (lambda: F.conv2d(x, weight, None, stride, pad)), None
        dy = torch.randn_like(F.conv2d(x, weight, None, stride, pad))
        mask = [kind == "Conv2dBackwardData", kind == "Conv2dBackwardWeights", False]
        return (lambda: torch.ops.aten.convolution_backward(dy, x, weight, None, [stride] * 2, pad, [1, 1], False, [0, 0], 1, mask)), None
    if kind in ("Attention", "AttentionBackward"):
        back = kind == "AttentionBackward"
        q, k, v = (torch.randn(n, 1, h * w, c, device=device, dtype=dtype, requires_grad=back) for _ in range(3))
        return with_reverse(lambda: F.scaled_dot_product_attention(q, k, v), (q, k, v), back)
    if kind in ("GroupNorm", "GroupNormSilu", "GroupNormBackward", "GroupNormSiluBackward"):
        back = kind.endswith("Backward")
        x, gamma, beta = picture(c), torch.ones(c, device=device, dtype=dtype), torch.zeros(c, device=device, dtype=dtype)
        if back:
            x, gamma, beta = (t.requires_grad_() for t in (x, gamma, beta))
        groups = math.gcd(32, c)
        if "Silu" in kind:
            return with_reverse(lambda: F.silu(F.group_norm(x, groups, gamma, beta)), (x, gamma, beta), back)
        return with_reverse(lambda: F.group_norm(x, groups, gamma, beta), (x, gamma, beta), back)
    return None


def with_reverse(forward, of, back):
    if not back:
        return forward, None
    dy = torch.randn_like(forward())
    return (lambda: torch.autograd.grad(forward(), of, dy)), forward


def kernels(clock, device, file, times, save):
    """Times what is in a file of Sirocco's and not in times yet, and saves after each."""
    with open(file, encoding="utf-8") as f:
        bench = json.load(f)
    precision = bench["precision"]
    use_tf32(precision)
    for row in bench["kernels"]:
        key = {"kind": row["kind"], "shape": row["shape"], "precision": precision}
        if any(all(t[name] == key[name] for name in key) for t in times):
            continue

        def timed():
            work = kernel(row, device, dtype(precision))
            if work is None:
                return None
            whole, less = work
            return clock.graph_ms(whole) - (clock.graph_ms(less) if less else 0)

        ms = attempt(f"{row['kind']} {row['shape']}, {precision}", timed)
        if ms is not None:
            times.append({**key, "ms": ms})
            save()
