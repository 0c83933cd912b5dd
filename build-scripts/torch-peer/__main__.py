"""Times PyTorch on the GPU that Sirocco was timed on.

    python3 torch-peer peaks   --out torch-peaks.json                                     a copy, and matrix products
    python3 torch-peer kernels --out torch-kernels.json --bench bench.json --kinds conv   kernels at the shapes that `sirocco bench --kernels --json` wrote
    python3 torch-peer steps   --out torch-steps.json --networks networks.json --steps train:128 --modes eager     whole steps of networks that Sirocco wrote

bf16 by autocast, and for sampling steps by a model in bf16 also; channels_last, cudnn.benchmark. The file is written after each measurement, and what
is in it already is not measured again. Exit code 3: there is no PyTorch to time.
"""
import argparse
import json
import math
import os
import re
import sys

NOTHING_TO_TIME = 3
OLDEST = (2, 1)
# Seconds of work before the first measurement.
WARM_UP = 2


def nothing(why):
    print(f"torch-peer: {why}, so nothing to compare with", file=sys.stderr)
    sys.exit(NOTHING_TO_TIME)


try:
    import torch
except ImportError as e:
    nothing(f"python3 has no torch ({e})")
except Exception as e:  # a library that it needs does not fit, and the like
    nothing(f"torch cannot be imported ({type(e).__name__}: {e})")


def load(path, kept):
    """What an earlier call has left in a file, if it was timed by the same PyTorch on the same device."""
    try:
        with open(path, encoding="utf-8") as f:
            before = json.load(f)
    except (OSError, ValueError):
        return kept
    return before if all(before.get(name) == kept[name] for name in ("torch", "device")) else kept


def words(*known):
    """A list of known words, separated by commas."""

    def parse(text):
        for word in text.split(","):
            if word not in known:
                raise argparse.ArgumentTypeError(f"{word!r}: expected {', '.join(known)}")
        return text.split(",")

    return parse


def rows(text):
    """A list of steps and batches, as train:128,sample:1."""
    parsed = re.fullmatch(r"(train|sample):[1-9]\d*(,(train|sample):[1-9]\d*)*", text)
    if not parsed:
        raise argparse.ArgumentTypeError(f"{text!r}: expected train:BATCH or sample:BATCH, separated by commas")
    return [(what, int(batch)) for what, batch in (row.split(":") for row in text.split(","))]


def main():
    p = argparse.ArgumentParser(prog="torch-peer", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("part", choices=["peaks", "kernels", "steps"])
    p.add_argument("--out", required=True)
    p.add_argument("--bench", action="append", default=[], help="a file of Sirocco's; several times for several")
    p.add_argument("--kinds", type=words("conv", "attention", "norm"), default="conv,attention,norm", help="which kernels, in this order")
    p.add_argument("--precision", choices=["bf16", "tf32", "f32"], default="bf16")
    p.add_argument("--steps", type=rows, default="train:128,sample:256,sample:1", help="train:BATCH or sample:BATCH, in this order")
    p.add_argument("--networks", help="the file of gpu-check or of `sirocco torch-networks`, with a network for each of --steps")
    p.add_argument("--modes", type=words("eager", "graph", "compile", "compile+graphs"), default="eager,graph,compile,compile+graphs", help="in this order")
    p.add_argument("--device", default="cuda", help="cuda, cuda:1, …; cpu tries the script itself")
    a = p.parse_args()
    if a.part == "steps" and not a.networks:
        p.error("steps: --networks is missing; `sirocco torch-networks` writes the file")

    version = tuple(int("".join(c for c in part if c.isdigit()) or 0) for part in torch.__version__.split("+")[0].split(".")[:2])
    if version < OLDEST:
        nothing(f"torch {torch.__version__} is too old, 2.1 or later is needed")
    device = torch.device(a.device)
    if device.type == "cuda":
        if not torch.cuda.is_available():
            nothing(f"torch {torch.__version__} sees no CUDA device (built for CUDA {torch.version.cuda})")
        if (device.index or 0) >= torch.cuda.device_count():
            nothing(f"torch sees {torch.cuda.device_count()} CUDA devices, no {device}")
        torch.cuda.set_device(device)
    torch.backends.cudnn.benchmark = True

    # These need torch 2.1 themselves.
    from clock import Clock, say
    from kernels import kernels, peaks
    from network import read
    from steps import steps

    clock = Clock(device)
    report = load(a.out, {
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
    })

    def save():
        with open(a.out + ".part", "w", encoding="utf-8") as f:
            json.dump(report, f, indent=2)
        os.replace(a.out + ".part", a.out)

    save()
    clock.heat(WARM_UP)
    if a.part == "peaks":
        peaks(clock, device, report.setdefault("peaks", {}), save)
    elif a.part == "kernels":
        for file in a.bench:
            kernels(clock, device, file, a.kinds, report.setdefault("kernels", []), save)
    else:
        programs = read(a.networks)
        missing = [f"{what}:{batch}" for what, batch in a.steps if f"{what}:{batch}" not in programs]
        if missing:
            sys.exit(f"torch-peer: {a.networks} has no network for {', '.join(missing)} (it has {', '.join(programs)}); `sirocco torch-networks --what` names them")
        count = sum(math.prod(w["shape"]) for w in next(iter(programs.values()))["parameters"])
        say(f"torch {torch.__version__} on {report['device']}; the network has {count:,} parameters")
        steps(clock, device, programs, a.precision, a.steps, a.modes, report.setdefault("steps", []), save)
    report["readings"] = clock.readings()
    save()


if __name__ == "__main__":
    main()
