#!/usr/bin/env python3
"""Times one way to run MambaVision with PyTorch, or the compiled package in the same loop: a line of JSON for each batch.

    peers.py GOLDEN --way=eager|graph|compile|mv --batch=N,... [--seconds=S] [--device=cuda|cpu]
             [--library=libmv.so --package=MODEL.mvx]        for --way=mv; the package's first output is logits

GOLDEN says which model, which (random) weights and which images, and what the logits are: image 0 of every batch is the
golden file's, and logits that are not its logits are an error, not a time.

    eager     as users run it: f32 weights, channels_last, autocast to f16
    graph     f16 weights, channels_last, one CUDA graph
    compile   f16 weights, channels_last, torch.compile with max-autotune and freezing (with CUDA graphs)
    mv        libmv.so
    on the CPU, eager alone, in f32

"device_ms" is for a batch whose f32 images and logits are on the GPU, call after call without waiting: what a service that
keeps the GPU busy sees. "host_ms" begins with images in the host's pinned memory, and ends when the logits are there.
"""

import argparse
import json
import statistics
import sys
import time

import numpy as np
import torch

import random_values
from mambavision import MambaVision

# |error| / |logits|, as for the package in f16 and f32. (On a CPU, in f16 throughout: 1.5e-3.)
LIMITS = {"cuda": 5e-3, "cpu": 2e-5}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("golden")
    parser.add_argument("--way", choices=("eager", "graph", "compile", "mv"), required=True)
    parser.add_argument("--batch", type=lambda text: [int(part) for part in text.split(",")], required=True)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--library")
    parser.add_argument("--package")
    arguments = parser.parse_args()
    if arguments.device == "cpu" and arguments.way != "eager":
        parser.error(f"--device=cpu: only --way=eager runs there, found --way={arguments.way}")
    if arguments.way == "mv" and not (arguments.library and arguments.package):
        parser.error("--way=mv needs --library and --package")
    return arguments


def build(config, seed):
    model = MambaVision(config).eval().requires_grad_(False)
    state = {name: torch.from_numpy(random_values.weight(name, tensor.shape, seed))
             for name, tensor in model.state_dict().items() if not name.endswith("num_batches_tracked")}
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected and all(name.endswith("num_batches_tracked") for name in missing)
    return model


def capture(model, images):
    """A CUDA graph of the model; its input is a copy of what it is called with."""
    held = images.clone(memory_format=torch.preserve_format)
    for _ in range(3):
        model(held)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        logits = model(held)

    def replay(x):
        held.copy_(x)
        graph.replay()
        return logits
    return replay


def load(arguments):
    """What is to be run, on its device."""
    config, case, _ = random_values.read_golden(arguments.golden)
    if arguments.way == "mv":
        from libmv import Model
        return Model(arguments.library, arguments.package, config.get("num_classes", 1000))
    model = build(config, case["seed"]).to(arguments.device, memory_format=torch.channels_last)
    return model.half() if arguments.way in ("graph", "compile") else model


def prepare(way, model, images):
    """A function of images on the device to logits."""
    if way == "mv":
        model.reserve(len(images))
        return model
    if way == "eager":
        def run(x):
            with torch.autocast("cuda", torch.float16, enabled=x.is_cuda):
                return model(x.contiguous(memory_format=torch.channels_last))
        return run

    def run(x):
        return model(x.to(torch.float16, memory_format=torch.channels_last))
    if way == "graph":
        return capture(run, images)
    from torch._inductor import config
    config.freezing = True
    return torch.compile(run, mode="max-autotune", dynamic=False)


def relative_error(found, expected):
    return float(np.linalg.norm(found.astype(np.float64) - expected) / np.linalg.norm(expected.astype(np.float64)))


def milliseconds(call, wait, seconds, calls):
    """The median over rounds of `calls` calls that are waited for together."""
    rounds, end = [], time.perf_counter() + seconds
    while len(rounds) < 5 or time.perf_counter() < end:
        start = time.perf_counter()
        for _ in range(calls):
            call()
        wait()
        rounds.append((time.perf_counter() - start) / calls * 1e3)
    return statistics.median(rounds)


def measure(arguments, model, batch):
    _, case, golden = random_values.read_golden(arguments.golden)
    wait = torch.cuda.synchronize if arguments.device == "cuda" else lambda: None
    host = torch.from_numpy(random_values.images(batch, case["height"], case["width"], case["input_seed"]))
    if arguments.device == "cuda":
        host = host.pin_memory()
    images = host.to(arguments.device)
    begin = time.perf_counter()
    run = prepare(arguments.way, model, images)
    for _ in range(3):
        logits = run(images)
    error = relative_error(logits[:1].float().cpu().numpy(), golden["logits"][:1])
    if not error <= LIMITS[arguments.device]:
        sys.exit(f"peers.py: --way={arguments.way}: logits differ from {arguments.golden} by {error:.2g}")
    ready = time.perf_counter() - begin
    once = milliseconds(lambda: run(images), wait, 0, 1)
    calls = max(1, round(50 / once))
    print(json.dumps({
        "way": arguments.way, "batch": batch,
        "device_ms": milliseconds(lambda: run(images), wait, arguments.seconds, calls),
        "host_ms": milliseconds(lambda: run(host.to(arguments.device, non_blocking=True)).cpu(), wait, arguments.seconds, 1),
        "error": error, "prepare_s": ready, "torch": torch.__version__}), flush=True)


def measure_all(arguments):
    model = load(arguments)
    for batch in arguments.batch:
        measure(arguments, model, batch)


def main():
    arguments = parse_arguments()
    if arguments.device == "cpu":
        with torch.inference_mode():
            measure_all(arguments)
        return
    if not torch.cuda.is_available():
        sys.exit("peers.py: PyTorch sees no GPU")
    # Not the default stream: libmv.so takes none for a stream of its own.
    with torch.no_grad(), torch.cuda.stream(torch.cuda.Stream()):
        measure_all(arguments)


if __name__ == "__main__":
    main()
