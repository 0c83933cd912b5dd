"""Whole training and sampling steps of the CIFAR-10 model: eager, under torch.compile, and torch.compile with CUDA graphs."""
import functools
import importlib.util
import itertools

import torch
import torch.nn.functional as F
from torch import nn

from clock import attempt, say, use_tf32
from unet import UNet

MODES = {"eager": None, "compile": "default", "compile+graphs": "reduce-overhead"}
ROWS = [("train", 128), ("sample", 256), ("sample", 1)]


def cast(device, precision):
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")


def compiled(f, mode):
    return torch.compile(f, mode=MODES[mode]) if MODES[mode] else f


def begin(mode):
    """What CUDA graphs of an earlier step have written may be overwritten from here on."""
    if MODES[mode]:
        torch.compiler.cudagraph_mark_step_begin()


def training(device, unet, batch, size, precision, mode):
    model = unet().to(device, memory_format=torch.channels_last).train()
    weights = [p.detach() for p in model.parameters()]
    average = [w.clone() for w in weights]
    adam = torch.optim.Adam(model.parameters(), lr=1e-4, fused=device.type == "cuda")
    net = compiled(model, mode)
    images = torch.rand(batch, 3, size, size, device=device).to(memory_format=torch.channels_last) * 2 - 1
    alphas = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000, device=device), 0)

    def step():
        # Gradients may lie in a graph's memory: none of the step before may be left when the next one begins.
        adam.zero_grad(set_to_none=True)
        begin(mode)
        t = torch.randint(0, 1000, (batch,), device=device)
        noise = torch.randn_like(images)
        a = alphas[t][:, None, None, None]
        noisy = a.sqrt() * images + (1 - a).sqrt() * noise
        with cast(device, precision):
            out = net(noisy, t)
        F.mse_loss(out.float(), noise).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=True)
        adam.step()
        torch._foreach_lerp_(average, weights, 1e-4)

    return step


def sampling(device, unet, batch, size, precision, mode, weights):
    """weights: their dtype. float32's under autocast are cast in every step; where they are bf16's already, only the network's input is."""
    model = unet().to(device, memory_format=torch.channels_last, dtype=weights).eval().requires_grad_(False)

    def chain_step(x, t, c):
        out = model(x.to(weights), t).float()
        x0 = (c[0] * x + c[1] * out).clamp(-1, 1)
        return c[2] * x + c[3] * x0 + c[4] * torch.randn_like(x)

    f = compiled(chain_step, mode)
    x = torch.randn(batch, 3, size, size, device=device).to(memory_format=torch.channels_last)
    t = torch.full((batch,), 500.0, device=device)
    c = torch.tensor([1.1, -0.4, 0.99, 0.01, 0.1], device=device)

    @torch.no_grad()
    def step():
        begin(mode)
        with cast(device, precision if weights == torch.float32 else None):
            f(x, t, c)

    return step


def modes(device, quick):
    """Of all modes those that can be had here."""
    if device.type == "cpu":
        return ["eager"]
    if importlib.util.find_spec("triton") is None:
        say("triton is not installed, so no torch.compile: steps are timed eager only")
        return ["eager"]
    return ["eager", "compile+graphs"] if quick else list(MODES)


def steps(clock, device, precision, quick, results, save):
    """Times what is not in results yet, and saves after each: compiling takes a minute or two a step."""
    tiny = device.type == "cpu"
    unet = (lambda: UNet(widths=(16, 32), groups=8)) if tiny else UNet
    size = 8 if tiny else 32
    use_tf32(precision)
    for what, batch in ROWS:
        batch = min(batch, 2) if tiny else batch
        weights = {"f32": torch.float32}
        if what == "sample" and precision == "bf16":
            weights["bf16"] = torch.bfloat16
        for mode, held in itertools.product(modes(device, quick), weights):
            key = {"what": what, "batch": batch, "precision": precision, "mode": mode, "weights": held}
            if any(all(r.get(name) == key[name] for name in key) for r in results):
                continue
            name = f"{what}, batch {batch}, {precision}, weights in {held}, {mode}"
            if what == "train":
                make = functools.partial(training, device, unet, batch, size, precision, mode)
            else:
                make = functools.partial(sampling, device, unet, batch, size, precision, mode, weights[held])
            ms = attempt(name, lambda: clock.ms(make()))
            if MODES[mode]:
                torch.compiler.reset()
            if ms is not None:
                say(f"{name}: {ms:.3f} ms")
                results.append({**key, "ms": ms})
                save()
