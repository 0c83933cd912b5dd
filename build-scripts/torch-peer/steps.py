"""Whole training and sampling steps of recorded networks: eager, as one CUDA graph, under torch.compile, and torch.compile with CUDA graphs."""
import functools
import importlib.util

import torch
import torch.nn.functional as F
from torch import nn

from clock import attempt, say, use_tf32
from network import network

# How torch.compile is called; None: it is not.
MODES = {"eager": None, "graph": None, "compile": "default", "compile+graphs": "reduce-overhead"}


def cast(device, precision):
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")


def compiled(f, mode):
    return torch.compile(f, mode=MODES[mode]) if MODES[mode] else f


def begin(mode):
    """What CUDA graphs of an earlier step have written may be overwritten from here on."""
    if MODES[mode]:
        torch.compiler.cudagraph_mark_step_begin()


def training(device, program, precision, mode):
    model = network(program).to(device, memory_format=torch.channels_last).train()
    weights = [p.detach() for p in model.parameters()]
    average = [w.clone() for w in weights]
    # capturable: its count of steps lies on the GPU, where a graph finds it.
    adam = torch.optim.Adam(model.parameters(), lr=1e-4, fused=device.type == "cuda", capturable=mode == "graph")
    net = compiled(model, mode)
    shape = program["inputs"][0]["shape"]
    images = torch.rand(shape, device=device).to(memory_format=torch.channels_last) * 2 - 1
    alphas = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000, device=device), 0)

    def step():
        # Gradients may lie in a graph's memory: none of the step before may be left when the next one begins.
        adam.zero_grad(set_to_none=True)
        begin(mode)
        t = torch.randint(0, 1000, (shape[0],), device=device)
        noise = torch.randn_like(images)
        a = alphas[t][:, None, None, None]
        noisy = a.sqrt() * images + (1 - a).sqrt() * noise
        with cast(device, precision):
            out = net(noisy, t[:, None])
        F.mse_loss(out.float(), noise).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=True)
        adam.step()
        torch._foreach_lerp_(average, weights, 1e-4)

    return step


def sampling(device, program, precision, mode, weights):
    """weights: their dtype. float32's under autocast are cast in every step; where they are bf16's already, only the network's input is."""
    model = network(program).to(device, memory_format=torch.channels_last, dtype=weights).eval().requires_grad_(False)

    def chain_step(x, t, c):
        out = model(x.to(weights), t).float()
        x0 = (c[0] * x + c[1] * out).clamp(-1, 1)
        return c[2] * x + c[3] * x0 + c[4] * torch.randn_like(x)

    f = compiled(chain_step, mode)
    shape = program["inputs"][0]["shape"]
    x = torch.randn(shape, device=device).to(memory_format=torch.channels_last)
    t = torch.full((shape[0], 1), 500.0, device=device)
    c = torch.tensor([1.1, -0.4, 0.99, 0.01, 0.1], device=device)

    @torch.no_grad()
    def step():
        begin(mode)
        with cast(device, precision if weights == torch.float32 else None):
            f(x, t, c)

    return step


def possible(mode, device):
    """Whether a mode can be had here; says why not."""
    if mode == "graph" and device.type == "cpu":
        say("a CPU has no CUDA graphs, so steps are not timed as such")
        return False
    if MODES[mode] and device.type == "cuda" and importlib.util.find_spec("triton") is None:
        say(f"triton is not installed, so steps are not timed under {mode}")
        return False
    return True


def held(what, precision, mode):
    """
    Dtypes of the weights. Sampling in bf16 may have them in bf16: eager, both are timed; compiled, which takes a minute or more each, and as a graph
    only those, which are read in half the time and cast never.
    """
    if what == "train" or precision != "bf16":
        return {"f32": torch.float32}
    return {"bf16": torch.bfloat16, "f32": torch.float32} if mode == "eager" else {"bf16": torch.bfloat16}


def steps(clock, device, programs, precision, rows, modes, results, save):
    """
    Times what is not in results yet, each row in one mode before the next mode, and saves after each.

    programs: each row's network, as "train:128"; its inputs are x [n,c,h,w] and t [n,1], its output has x's shape.
    """
    use_tf32(precision)
    for mode in modes:
        if not possible(mode, device):
            continue
        for what, batch in rows:
            for name_of, weights in held(what, precision, mode).items():
                key = {"what": what, "batch": batch, "precision": precision, "mode": mode, "weights": name_of}
                if any(all(r.get(name) == key[name] for name in key) for r in results):
                    continue
                name = f"{what}, batch {batch}, {precision}, weights in {name_of}, {mode}"
                if what == "train":
                    make = functools.partial(training, device, programs[f"{what}:{batch}"], precision, mode)
                else:
                    make = functools.partial(sampling, device, programs[f"{what}:{batch}"], precision, mode, weights)

                def timed():
                    step = make()
                    return clock.ms(clock.capture(step).replay if mode == "graph" else step)

                ms = attempt(name, timed)
                if MODES[mode]:
                    torch.compiler.reset()
                if ms is not None:
                    say(f"{name}: {ms:.3f} ms")
                    results.append({**key, "ms": ms, "readings": clock.readings()})
                    save()
