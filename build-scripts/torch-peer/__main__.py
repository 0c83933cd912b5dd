"""Times PyTorch on the GPU that Sirocco was timed on.

    python3 torch-peer peaks   --out torch-peaks.json                          a copy, and matrix products
    python3 torch-peer kernels --out torch-kernels.json --bench bench.json     kernels at the shapes that `sirocco bench --kernels --json` wrote
    python3 torch-peer steps   --out torch-steps-bf16.json --precision bf16    whole steps of the CIFAR-10 model

bf16 by autocast, and for sampling steps by a model in bf16 also; channels_last, cudnn.benchmark; steps eager, under torch.compile, and torch.compile with CUDA graphs. The file is written after each
measurement, and what is in it already is not measured again. Exit code 3: there is no PyTorch to time.
"""
import argparse
import json
import os
import sys

NOTHING_TO_TIME = 3
OLDEST = (2, 1)


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


def main():
    p = argparse.ArgumentParser(prog="torch-peer", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("part", choices=["peaks", "kernels", "steps"])
    p.add_argument("--out", required=True)
    p.add_argument("--bench", action="append", default=[])
    p.add_argument("--precision", choices=["bf16", "tf32", "f32"], default="bf16")
    p.add_argument("--quick", action="store_true")
    p.add_argument("--device", default="cuda", help="cuda, cuda:1, …; cpu tries the script itself")
    a = p.parse_args()

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
    from steps import steps
    from unet import PARAMETERS, UNet

    clock = Clock(device, 3 if a.quick else 7, 0.05 if a.quick else 0.2)
    report = load(a.out, {
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
    })

    def save():
        with open(a.out + ".part", "w", encoding="utf-8") as f:
            json.dump(report, f, indent=2)
        os.replace(a.out + ".part", a.out)

    save()
    if a.part == "peaks":
        report["peaks"] = peaks(clock, device, a.quick)
    elif a.part == "kernels":
        for file in a.bench:
            kernels(clock, device, file, report.setdefault("kernels", []), save)
    else:
        count = sum(w.numel() for w in UNet().parameters())
        say(f"torch {torch.__version__} on {report['device']}; the U-Net has {count:,} parameters")
        if count != PARAMETERS:
            sys.exit(f"torch-peer: expected {PARAMETERS:,}: this is not the model that Sirocco times")
        steps(clock, device, a.precision, a.quick, report.setdefault("steps", []), save)
    save()


if __name__ == "__main__":
    main()
