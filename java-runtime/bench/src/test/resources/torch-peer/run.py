"""Runs programs by build-scripts/torch-peer/network.py on the numpy that stands for PyTorch: run.py PEER < JSON > JSON."""
import json
import os
import sys

peer = sys.argv[1]
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), peer]
for script in sorted(os.listdir(peer)):
    if script.endswith(".py"):
        with open(os.path.join(peer, script), encoding="utf-8") as f:
            compile(f.read(), script, "exec")

import torch
from network import network

results = []
for job in json.load(sys.stdin):
    program = job["program"]
    module = network(program)
    for parameter in program["parameters"]:
        name = f"p{parameter['register']}"
        if list(module.shapes[name]) != parameter["shape"]:
            raise ValueError(f"{parameter}: {module.shapes[name]}")
        setattr(module, name, torch.tensor(job["weights"][parameter["name"]], parameter["shape"]))
    inputs = []
    for i in program["inputs"]:
        values = job["inputs"][i["name"]]
        inputs.append(torch.tensor(values, i["shape"], int if all(isinstance(v, int) for v in values) else float))
    outputs = module.forward(*inputs)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    for output, expected in zip(outputs, program["outputs"]):
        if list(output.shape) != expected["shape"]:
            raise ValueError(f"output of shape {output.shape}, expected {expected}")
    results.append([output.reshape(-1).tolist() for output in outputs])
json.dump(results, sys.stdout)
