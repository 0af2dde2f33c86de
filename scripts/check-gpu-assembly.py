#!/usr/bin/env python3
"""Every GPU kernel of the published variants through ptxas: none may spill registers or draw a C75xx message.

    scripts/check-gpu-assembly.py [--tools=build/release/bin] [--targets=sm_80,...] [--dtypes=f16,...] [--models=T,L-det,...]

Kernels do not depend on weights or depths, so each distinct one is assembled once for each architecture. The variants are
those of models/, and backbones with the large windows of detection (800x1344) and segmentation, up to 25,600 tokens.
Prints one line for each offending kernel; exits with 1 if there are any.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGETS = "sm_80,sm_86,sm_87,sm_89,sm_90,sm_100,sm_120"
DTYPES = "f16,bf16,tf32,f32"
# What distinguishes variants: L is L2 and T is T2 but for depths. (name: config, resolution, windows of levels 2 and 3)
MODELS = {
    "T": ("T", None, None),
    "S": ("S", None, None),
    "B": ("B", None, None),
    "L": ("L", None, None),
    "L2-512": ("L2_512_21k", None, None),
    "L3-256": ("L3_256_21k", None, None),
    "L3-512": ("L3_512_21k", None, None),
    "T-detection": ("T", "800x1344", (112, 56)),
    "S-detection": ("S", "800x1344", (112, 56)),
    "B-detection": ("B", "800x1344", (112, 56)),
    "T-segmentation": ("T", "512x512", (64, 32)),
    "S-segmentation": ("S", "512x512", (160, 56)),
    "B-segmentation": ("B", "512x512", (64, 32)),
    "L3-segmentation": ("L3_512_21k", "640x640", (64, 32)),
}
FUNCTIONS_A_FILE = 16  # that ptxas takes at once


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tools", default=os.path.join(ROOT, "build", "release", "bin"), help="folder of mv-compile")
    parser.add_argument("--ptxas", default=shutil.which("ptxas") or "/usr/local/cuda/bin/ptxas")
    parser.add_argument("--targets", default=TARGETS)
    parser.add_argument("--dtypes", default=DTYPES)
    parser.add_argument("--models", default=",".join(MODELS), help="of " + ", ".join(MODELS))
    parser.add_argument("--options", default="", help="more options of mv-compile, e.g. --disable=mv-fuse-attention-input")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    return parser.parse_args()


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr}{done.stdout}")
    return done


def compile_model(arguments, folder, name, dtype):
    """The PTX of all targets, one after another."""
    config, resolution, windows = MODELS[name]
    source = os.path.join(ROOT, "models", config + ".json")
    options = arguments.options.split()
    if windows:
        with open(source) as file:
            settings = json.load(file)
        settings["window_size"] = [8, 8, *windows]
        source = os.path.join(folder, name + ".json")
        with open(source, "w") as file:
            json.dump(settings, file)
        options += ["--resolution=" + resolution, "--outputs=stages"]
    output = os.path.join(folder, f"{name}-{dtype}.ptx")
    run([os.path.join(arguments.tools, "mv-compile"), source, "--weights=random:1", "--dtype=" + dtype,
         "--target=" + arguments.targets, "--compile-to=ptx", "-o", output, *options])
    with open(output) as file:
        text = file.read()
    os.remove(output)
    return text


def split_modules(text):
    """(target, header, {function: text with its variables}) of every module of a text."""
    for module in re.split(r"(?m)(?=^\.version)", text)[1:]:
        parts = re.split(r"(?m)(?=^\.visible \.entry )", module)
        lines = parts[0].splitlines(keepends=True)
        variables = {re.search(r"(\w+)\[", line)[1]: line for line in lines if line.startswith(".global")}
        header = "".join(line for line in lines if not line.startswith(".global"))
        functions = {}
        for part in parts[1:]:
            own = "".join(line for name, line in variables.items() if re.search(rf"\b{name}\b", part))
            functions[re.match(r"\.visible \.entry (\w+)", part)[1]] = own + part
        yield re.search(r"(?m)^\.target (\w+)", module)[1], header, functions


class Kernels:
    """The distinct kernels, by target, in files of some."""

    def __init__(self):
        self.headers = {}
        self.seen = set()
        self.waiting = {}  # by target: [(origin, text)]
        self.functions = 0

    def add(self, origin, text):
        for target, header, functions in split_modules(text):
            self.headers[target] = header
            for name, body in functions.items():
                self.functions += 1
                anonymous = re.sub(r"\$L__BB\d+", "$L__BB", body.replace(name, "kernel"))
                key = target, hashlib.sha1(anonymous.encode()).digest()
                if key in self.seen:
                    continue
                self.seen.add(key)
                unique = f"k{len(self.seen)}"
                self.waiting.setdefault(target, {})[unique] = (f"{origin} {name}", body.replace(name, unique))

    def take(self, least):
        """Files of at least `least` functions: (target, text, {function: origin})."""
        for target, functions in self.waiting.items():
            while len(functions) >= max(least, 1):
                taken = list(functions.items())[:FUNCTIONS_A_FILE]
                for name, _ in taken:
                    del functions[name]
                text = self.headers[target] + "".join(text for _, (_, text) in taken)
                yield target, text, {name: origin for name, (origin, _) in taken}


def assemble(arguments, folder, target, text, origins):
    """The complaints."""
    path = os.path.join(folder, f"{target}-{next(iter(origins))}")
    with open(path + ".ptx", "w") as file:
        file.write(text)
    command = [arguments.ptxas, "-v", "-O3", "-arch=" + target, path + ".ptx", "-o", path + ".cubin"]
    output = run(command).stderr
    for ending in (".ptx", ".cubin"):
        os.remove(path + ending)
    complaints, function, registers = [], None, {}
    for line in output.splitlines():
        if found := re.search(r"(?:Function properties for|entry function) '?(\w+)", line):
            function = found[1]
        if found := re.search(r"(\d+) bytes spill stores, (\d+) bytes spill loads", line):
            if int(found[1]) + int(found[2]) > 0:
                complaints.append((function, f"{found[1]} bytes stored, {found[2]} loaded"))
        if found := re.search(r"Used (\d+) registers", line):
            registers[function] = found[1]
        if "C75" in line:
            complaints.append((function, line))
    return [f"{target}: {origins.get(name, name)} ({registers.get(name)} registers): {text}" for name, text in complaints]


def main():
    arguments = parse_arguments()
    kernels, complaints, pending = Kernels(), 0, []

    def collect(files):
        nonlocal complaints
        for file in files:
            pending.remove(file)
            for line in file.result():
                print(line, flush=True)
                complaints += 1

    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        models = [(name, dtype) for dtype in arguments.dtypes.split(",") for name in arguments.models.split(",")]
        texts = pool.map(lambda model: compile_model(arguments, folder, *model), models)
        for (name, dtype), text in zip(models, texts):
            kernels.add(f"{name} {dtype}", text)
            pending += [pool.submit(assemble, arguments, folder, *file) for file in kernels.take(FUNCTIONS_A_FILE)]
            collect([file for file in pending if file.done()])
        pending += [pool.submit(assemble, arguments, folder, *file) for file in kernels.take(1)]
        collect(concurrent.futures.as_completed(list(pending)))
    print(f"{complaints} complaints, {kernels.functions} kernels of all architectures, {len(kernels.seen)} distinct ones")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
