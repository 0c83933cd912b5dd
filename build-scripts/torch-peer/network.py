"""
Networks as Sirocco records them: programs of calls of PyTorch (sirocco.torch.TorchProgram), which become modules.

A program has "parameters" and "inputs", each with the number of the register that holds it and its shape; "lines", each a call, the register "y" of its
result, and the registers that are "dead" after it; and "outputs". A module's forward is a function without loops or branches, made from the lines: it is
what a user would have written, and torch.compile sees no interpreter.
"""
import json
import linecache
import math

import torch
import torch.nn.functional as F
from torch import nn

UNARY = {
    "EXP": "torch.exp({x})", "LOG": "torch.log({x})", "SQRT": "torch.sqrt({x})", "RSQRT": "torch.rsqrt({x})", "SQUARE": "torch.square({x})",
    "RECIPROCAL": "torch.reciprocal({x})", "ABS": "torch.abs({x})", "SIN": "torch.sin({x})", "COS": "torch.cos({x})", "TANH": "torch.tanh({x})",
    "SIGMOID": "torch.sigmoid({x})", "SOFTPLUS": "F.softplus({x})", "ERF": "torch.erf({x})", "RELU": "F.relu({x})", "SILU": "F.silu({x})",
    "GELU": "F.gelu({x})", "GELU_TANH": "F.gelu({x}, approximate='tanh')", "GELU_QUICK": "{x} * torch.sigmoid(1.702 * {x})",
    "STEP": "({x} >= 0).to({x}.dtype)",
}
BINARY = {
    "ADD": "{a} + {b}", "SUBTRACT": "{a} - {b}", "MULTIPLY": "{a} * {b}", "DIVIDE": "{a} / {b}", "MINIMUM": "torch.minimum({a}, {b})",
    "MAXIMUM": "torch.maximum({a}, {b})",
}
REDUCE = {"SUM": "torch.sum", "MEAN": "torch.mean", "MAXIMUM": "torch.amax"}
DRAW = {"NORMAL": "torch.randn", "UNIFORM": "torch.rand"}

# Each call as an expression. {like} is a tensor with the dtype and device of the weights.
CALLS = {
    "Conv2d": "F.conv2d({x}, {w}, {bias}, {stride}, ({paddingH}, {paddingW}))",
    "Pad": "F.pad({x}, ({left}, {right}, {top}, {bottom}))",
    "Linear": "F.linear({x}, {w}, {bias})",
    "MatMul": "torch.matmul({a}, {b})",
    "Attention": "attention({q}, {k}, {v}, {mask}, {causal})",
    "GroupNorm": "F.group_norm({x}, {groups}, {gamma}, {beta}, {eps})",
    "LayerNorm": "F.layer_norm({x}, ({channels},), {gamma}, {beta}, {eps})",
    "Unary": lambda c: UNARY[c["function"]],
    "Affine": lambda c: "{x} * {scale}" if c["shift"] == 0 else "{x} * {scale} + {shift}",
    "Binary": lambda c: BINARY[c["function"]],
    "Concat": "torch.cat(({a}, {b}), {dim})",
    "Narrow": "{x}.narrow({dim}, {from}, {count})",
    "Repeat": "{x}.repeat({copies})",
    "Reshape": "{x}.reshape({shape})",
    "Permute": "{x}.permute({order})",
    "Upsample": "F.interpolate({x}, scale_factor=2.0, mode='nearest')",
    "AveragePool": "F.avg_pool2d({x}, {size})",
    "Reduce": lambda c: REDUCE[c["function"]] + "({x}, {dims}, keepdim=True)",
    "TimestepEmbedding": "timestep_embedding({t}, {dim}, {flipSinToCos}, {freqShift}, {maxPeriod}, {like})",
    "Embedding": "F.embedding({ids}, {table})",
    "Ramp": "ramp({start}, {step}, {dim}, {shape}, {like})",
    "Draw": lambda c: DRAW[c["distribution"]] + "({shape}, dtype={like}.dtype, device={like}.device)",
    "Dropout": "F.dropout({x}, {p}, self.training)",
}

# Which components of a call are registers.
REGISTERS = ("x", "w", "bias", "a", "b", "q", "k", "v", "mask", "gamma", "beta", "t", "ids", "table")


def attention(q, k, v, mask, causal):
    return F.scaled_dot_product_attention(q, k, v, attn_mask=None if mask is None else mask.to(q.dtype), is_causal=causal)


def timestep_embedding(t, dim, cos_first, shift, period, like):
    """Sinusoids of t [n,1], computed in float32."""
    half = dim // 2
    a = t * torch.exp(torch.arange(half, device=t.device) * (-math.log(period) / (half - shift)))
    return torch.cat((a.cos(), a.sin()) if cos_first else (a.sin(), a.cos()), 1).to(like.dtype)


def ramp(start, step, dim, shape, like):
    sizes = [size if i == dim else 1 for i, size in enumerate(shape)]
    return (torch.arange(shape[dim], device=like.device, dtype=torch.float64) * step + start).to(like.dtype).reshape(sizes).expand(shape)


def source(program):
    """The text of a function forward(self, …) that makes the program's calls."""
    parameters = {p["register"] for p in program["parameters"]}
    inputs = [name_of(i["register"], parameters) for i in program["inputs"]]
    like = name_of(program["parameters"][0]["register"], parameters) if parameters else inputs[0]
    text = [f"def forward({', '.join(['self'] + inputs)}):"]
    for line in program["lines"]:
        call = line["call"]
        template = CALLS[call["call"]]
        template = template if isinstance(template, str) else template(call)
        names = {key: name_of(value, parameters) if key in REGISTERS or key == "y" else repr(value) for key, value in call.items()}
        dead = "".join(f"; {name_of(r, parameters)} = None" for r in line["dead"])
        text.append(f"    {names['y']} = {template.format(**names, like=like)}{dead}  # {line['name']}")
    text.append(f"    return {', '.join(name_of(o['register'], parameters) for o in program['outputs'])}")
    return "\n".join(text) + "\n"


def name_of(register, parameters):
    return "None" if register is None else f"self.p{register}" if register in parameters else f"r{register}"


def initial(parameter):
    """As PyTorch's layers start: norms' scales 1, vectors 0, matrices uniform within 1/sqrt(fan-in)."""
    shape = parameter["shape"]
    if len(shape) == 1:
        return torch.ones(shape) if parameter["name"].endswith(".weight") else torch.zeros(shape)
    bound = 1 / math.sqrt(math.prod(shape[1:]))
    return torch.empty(shape).uniform_(-bound, bound)


class Network(nn.Module):
    """A program as a module, whose inputs and outputs are the program's."""

    def __init__(self, program):
        super().__init__()
        for parameter in program["parameters"]:
            self.register_parameter(f"p{parameter['register']}", nn.Parameter(initial(parameter)))


def network(program):
    """A module that runs the program. Each has a class of its own, with the program's function as its method."""
    text = source(program)
    file = f"<network {id(program)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)  # so that errors show the line
    names = {"torch": torch, "F": F, "attention": attention, "timestep_embedding": timestep_embedding, "ramp": ramp}
    exec(compile(text, file, "exec"), names)  # the program is Sirocco's own
    return type("RecordedNetwork", (Network,), {"forward": names["forward"]})(program)


def read(file):
    """Programs by step, as "train:128"."""
    with open(file, encoding="utf-8") as f:
        return json.load(f)
