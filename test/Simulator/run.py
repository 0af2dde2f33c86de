#!/usr/bin/env python3
"""Runs programs that know nothing of the simulator on it, and judges by their own exit codes and by the reports.

    run.py --build BUILD [--peers VENV] [--work FOLDER] SUITE [CASE...]

Suites: programs (CUDA C++ of our own), cub (the toolkit's library), cutlass (PyPI nvidia-cutlass), triton (PyPI triton),
bugs (planted bugs and their correct twins), tool (cuda-sim's own behaviour).
What is not installed is skipped, and said so. The last line is `N passed, N failed, N skipped`.
"""

import argparse
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

here = pathlib.Path(__file__).resolve().parent
TIMEOUT = 900


class Skip(Exception):
    """Something a case needs is not installed."""


class Fail(Exception):
    """A case did not do what it should."""


class Runner:
    def __init__(self, options):
        self.tool = options.build / "bin" / "cuda-sim"
        self.work = options.work or options.build / "test" / "Simulator"
        self.peers = options.peers
        self.work.mkdir(parents=True, exist_ok=True)

    # What the cases need.

    def nvcc(self):
        for root in (os.environ.get("CUDA_HOME"), os.environ.get("CUDA_PATH"), "/usr/local/cuda"):
            if root and pathlib.Path(root, "bin", "nvcc").exists():
                return pathlib.Path(root, "bin", "nvcc")
        found = shutil.which("nvcc")
        if not found:
            raise Skip("nvcc is not installed")
        return pathlib.Path(found)

    def peer_python(self, package):
        python = self.peers / "bin" / "python" if self.peers else None
        if not python or not python.exists():
            raise Skip(f"no virtual environment with {package}; scripts/install-simulator-peers.sh makes one")
        if subprocess.run([python, "-c", f"import {package}"], capture_output=True).returncode:
            raise Skip(f"{package} is not in {self.peers}")
        return python

    def cutlass_include(self):
        python = self.peer_python("cutlass_library")
        path = subprocess.run([python, "-c", "import cutlass_library; print(cutlass_library.__path__[0])"],
                              capture_output=True, text=True).stdout.strip()
        include = pathlib.Path(path, "source", "include")
        if not (include / "cutlass" / "cutlass.h").exists():
            raise Skip(f"no CUTLASS headers in {include}")
        return include

    def compile(self, name, sources, flags=(), target="-arch=compute_80", runtime="shared"):
        """Compiles with nvcc, by default to PTX for sm_80 alone; again only when a source or a flag changed."""
        nvcc = self.nvcc()
        command = [str(nvcc), "-std=c++17", "-O2", "-lineinfo", target, "-diag-suppress", "20054", "-cudart", runtime,
                   *map(str, flags), *map(str, sources)]
        digest = hashlib.sha256(" ".join(command).encode())
        for folder in (here / "Programs", here / "Bugs"):
            for file in sorted(folder.glob("*.h")) + [pathlib.Path(s) for s in sources]:
                digest.update(file.read_bytes())
        program = self.work / f"{name}-{digest.hexdigest()[:12]}"
        if not program.exists():
            for old in self.work.glob(f"{name}-*"):
                old.unlink()
            temporary = program.with_suffix(f".{os.getpid()}")
            done = subprocess.run([*command, "-o", str(temporary)], capture_output=True, text=True, timeout=TIMEOUT)
            if done.returncode:
                raise Fail(f"nvcc failed:\n{done.stderr}")
            temporary.rename(program)
        return program

    # Running.

    def simulate(self, command, *flags, environment=None):
        return subprocess.run([self.tool, *flags, *map(str, command)], capture_output=True, text=True, timeout=TIMEOUT,
                              env={**os.environ, **(environment or {})})

    def expect_clean(self, command, *flags, environment=None, checked="all"):
        """The program is content, and so are the checks."""
        for checks in ("none", checked):
            done = self.simulate(command, f"--checks={checks}", *flags, environment=environment)
            if done.returncode:
                raise Fail(f"--checks={checks}: exit code {done.returncode}\n{tail(done.stdout)}{tail(done.stderr)}")

    def expect(self, done, code, text=""):
        if done.returncode != code or text not in done.stdout + done.stderr:
            raise Fail(f"expected exit code {code} and '{text}', found {done.returncode}\n{tail(done.stdout)}{tail(done.stderr)}")


def tail(text, lines=25):
    return "".join(line[:400] + "\n" for line in text.splitlines()[-lines:])


# The suites: each gives its cases as a dictionary of functions of the runner.


def programs():
    def plain(name, *arguments):
        return lambda run: run.expect_clean([run.compile(name, [here / "Programs" / f"{name}.cu"]), *arguments])

    cases = {name: plain(name) for name in
             ("vector_add", "histogram", "cooperative_reduction", "async_pipeline", "runtime_features", "matrix_fragments",
              "language_features", "device_printf")}
    cases["errors-configuration"] = lambda run: run.expect(
        run.simulate([run.compile("errors", [here / "Programs" / "errors.cu"]), "configuration"]), 0)
    for kind in ("address", "alignment", "trap"):
        cases[f"errors-{kind}"] = lambda run, kind=kind: run.expect(
            run.simulate([run.compile("errors", [here / "Programs" / "errors.cu"]), kind]), 0)
    cases["driver_graphs"] = driver_graphs
    cases["driver_entry_points"] = lambda run: run.expect(
        run.simulate([run.compile("driver_entry_points", [here / "Programs" / "driver_entry_points.cu"])], "--checks=memory"),
        0, "cuTensorMapEncodeTiled is not simulated")
    cases["multi_device"] = lambda run: run.expect_clean(
        [run.compile("multi_device", [here / "Programs" / "multi_device.cu"])], "--devices=2")
    # The other names of everything that takes a stream.
    cases["per_thread_streams"] = lambda run: run.expect_clean(
        [run.compile("per_thread_streams", [here / "Programs" / "runtime_features.cu"], ["-default-stream", "per-thread"])])
    for device in ("sm_86", "sm_90", "sm_100", "sm_120"):
        cases[f"runtime_features-{device}"] = lambda run, device=device: run.expect_clean(
            [run.compile("runtime_features", [here / "Programs" / "runtime_features.cu"])], f"--device={device}")
    return cases


def driver_graphs(run):
    """A program that links the driver alone, with PTX in its source."""
    program = run.compile("driver_graphs", [here / "Programs" / "driver_graphs.cpp"],
                          ["-L", run.tool.parent.parent / "lib" / "cuda-sim", "-l:libcuda.so.1"])
    run.expect_clean([program])


def cub():
    return {"cub": lambda run: run.expect_clean([run.compile("cub", [here / "Programs" / "cub.cu"])])}


def cutlass():
    """All checks but `init`: CUTLASS' pipelines load fragments from stages of shared memory that were never filled (rows
    beyond the matrix, the stage after the last one) and throw them away, which is what that check reports."""
    names = ["f16-128x128x32", "f16-64x64x64", "bf16-128x64x32", "tf32-64x64x32", "f16-split-k"]

    def case(variant):
        def body(run):
            flags = ["--expt-relaxed-constexpr", f"-DVARIANT={variant}", "-isystem", run.cutlass_include()]
            run.expect_clean([run.compile(f"cutlass{variant}", [here / "Programs" / "cutlass_gemm.cu"], flags)],
                             checked="memory,race,sync")
        return body

    return {name: case(variant) for variant, name in enumerate(names)}


def triton():
    def case(name):
        return lambda run: run.expect_clean(
            [run.peer_python("triton"), here / "Programs" / "triton_kernels.py", name],
            environment={"TRITON_CACHE_DIR": str(run.work / "triton"), "PYTHONDONTWRITEBYTECODE": "1",
                         "TRITON_DEFAULT_FP_FUSION": "1"})

    return {name: case(name) for name in ("add", "matmul", "softmax", "layer_norm", "flash_attention")}


def bug_program(run):
    return run.compile("bugs", [here / "Bugs" / f"{name}.cu" for name in ("Memory", "Race", "Speed", "Sync")])


def bugs():
    return BugCases()


class BugCases(dict):
    """One case for each scenario of the program, which is compiled to find out which there are."""

    def load(self, run):
        listed = subprocess.run([run.tool, bug_program(run), "--list"], capture_output=True, text=True).stdout.split()
        for name, check in zip(listed[::2], listed[1::2]):
            self[name] = lambda run, name=name, check=check: self.judge(run, name, check)

    @staticmethod
    def judge(run, name, check):
        program = bug_program(run)
        planted = run.simulate([program, name, "planted"], f"--checks={check}")
        if planted.returncode != 1 or f"{check}: " not in planted.stderr:
            raise Fail(f"{check} did not find the bug: exit code {planted.returncode}\n{tail(planted.stderr)}")
        correct = run.simulate([program, name, "correct"], f"--checks=all,{check}")
        if correct.returncode or correct.stderr:
            raise Fail(f"the correct twin was reported: exit code {correct.returncode}\n{tail(correct.stderr)}")


def tool():
    return {"exit-code": tool_exit_code, "options": tool_options, "counters": tool_counters, "dump": tool_dump,
            "static-runtime": tool_static_runtime, "cubin": tool_cubin, "threads": tool_threads,
            "environment": tool_environment, "processes": tool_processes, "faults": tool_faults}


def tool_exit_code(run):
    """The program's own code comes through, a signal as the shell gives it, and a missing program is the user's mistake."""
    run.expect(run.simulate(["sh", "-c", "exit 7"]), 7)
    run.expect(run.simulate(["sh", "-c", "kill -9 $$"]), 128 + 9)
    run.expect(run.simulate(["/nowhere/at/all"]), 2, "expected a program, found none")


def tool_options(run):
    run.expect(run.simulate(["true"], "--device=sm_1"), 2, "--device: expected one of sm_80")
    run.expect(run.simulate(["true"], "--checks=nothing"), 2, "--checks: expected words of memory")
    run.expect(run.simulate([]), 2, "expected a program")
    # What follows the program's name is the program's.
    run.expect(run.simulate(["echo", "--device=sm_1"]), 0, "--device=sm_1")


def tool_counters(run):
    program = run.compile("vector_add", [here / "Programs" / "vector_add.cu"])
    file = run.work / f"counters-{os.getpid()}.json"
    run.expect(run.simulate([program], f"--counters={file}"), 0, "add")
    counters = json.loads(file.read_text())
    file.unlink()
    text = json.dumps(counters)
    for word in ("add", "sm_80"):
        if word not in text:
            raise Fail(f"no '{word}' in the counters: {text[:400]}")


def tool_dump(run):
    file = run.work / "dump.ptx"
    file.write_text(".version 7.0\n.target sm_80\n.address_size 64\n.visible .entry nothing()\n{\n  ret;\n}\n")
    run.expect(run.simulate([], f"--dump={file}"), 0, "nothing")
    file.write_text("no PTX at all")
    run.expect(run.simulate([], f"--dump={file}"), 2)


def tool_static_runtime(run):
    """A program that contains NVIDIA's runtime is given ours in its place; without symbols it fails, and the report says why."""
    program = run.compile("static", [here / "Programs" / "vector_add.cu"], runtime="static")
    run.expect_clean([program])
    if not shutil.which("strip"):
        raise Skip("strip is not installed")
    stripped = program.with_suffix(".stripped")
    subprocess.run(["strip", "-o", str(stripped), str(program)], check=True)
    done = run.simulate([stripped])
    stripped.unlink()
    if done.returncode == 0 or "nvcc -cudart shared" not in done.stderr:
        raise Fail(f"exit code {done.returncode}\n{tail(done.stderr)}")


def tool_cubin(run):
    """A program with machine code alone fails as on a device it was not compiled for, and the report says why."""
    program = run.compile("cubin", [here / "Programs" / "vector_add.cu"], target="-gencode=arch=compute_80,code=sm_80")
    done = run.simulate([program])
    if done.returncode != 1 or "no kernel image is available" not in done.stderr or "machine code for sm_80" not in done.stderr:
        raise Fail(f"exit code {done.returncode}\n{tail(done.stderr)}")


def tool_threads(run):
    """Counters and results do not depend on the number of host threads."""
    program = run.compile("histogram", [here / "Programs" / "histogram.cu"])
    found = []
    for threads in (1, 3):
        file = run.work / f"threads-{os.getpid()}.json"
        run.expect(run.simulate([program], f"--counters={file}", f"--threads={threads}"), 0)
        found.append(json.loads(file.read_text()))
        file.unlink()
    if found[0] != found[1]:
        raise Fail("the counters differ between one thread and three")


def tool_environment(run):
    """Without the tool: the dynamic linker's path and the variables do the same, and the report goes to standard error."""
    program = bug_program(run)
    environment = {**os.environ, "LD_LIBRARY_PATH": str(run.tool.parent.parent / "lib" / "cuda-sim"), "MV_SIM_CHECK": "race"}
    done = subprocess.run([program, "dropped_barrier", "planted"], capture_output=True, text=True, env=environment)
    if done.returncode or "race: " not in done.stderr:
        raise Fail(f"exit code {done.returncode}\n{tail(done.stderr)}")
    done = subprocess.run([program, "dropped_barrier", "planted"], capture_output=True, text=True,
                          env={**environment, "MV_SIM_CHECK": "nothing"})
    if "MV_SIM_CHECK: expected words of memory" not in done.stderr:
        raise Fail(f"exit code {done.returncode}\n{tail(done.stderr)}")


def tool_processes(run):
    """The findings of every process that the program starts count, and of one that aborts."""
    program = bug_program(run)
    both = f"'{program}' dropped_barrier planted; '{program}' missing_halo planted; exit 0"
    done = run.simulate(["sh", "-c", both], "--checks=all")
    run.expect(done, 1, "race: ")
    run.expect(done, 1, "init: ")
    run.expect(run.simulate([program, "dropped_barrier", "planted", "abort"], "--checks=race"), 1, "race: ")


def tool_faults(run):
    """Machines that are too small, too old or broken; what was allocated on a device that died is no leak."""
    def check(case, *flags):
        run.expect(run.simulate([sys.executable, here / "Programs" / "faults.py", case], *flags), 0)

    check("memory", "--memory=64M", "--checks=memory")
    check("driver", "--driver=11.4")
    check("no_device", "--devices=0")
    for wait in ("stream", "event", "context", "query", "copy"):
        check(f"launch-{wait}", "--lose=2", "--checks=all")
        check(f"ecc-{wait}", "--lose=2:ecc")
    for option in ("--memory=64X", "--memory=0", "--driver=11", "--driver=9.2", "--lose=0", "--lose=2:fire"):
        run.expect(run.simulate(["true"], option), 2, f"cuda-sim: {option.split('=')[0]}: expected ")


SUITES = {"programs": programs, "cub": cub, "cutlass": cutlass, "triton": triton, "bugs": bugs, "tool": tool}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="the build folder")
    parser.add_argument("--work", type=pathlib.Path, help="where compiled programs are kept; in the build folder by default")
    parser.add_argument("--peers", type=pathlib.Path, default=os.environ.get("MV_SIMULATOR_PEERS"),
                        help="virtual environment with nvidia-cutlass and triton; default: MV_SIMULATOR_PEERS")
    parser.add_argument("suite", choices=SUITES)
    parser.add_argument("cases", nargs="*")
    options = parser.parse_args()
    options.peers = pathlib.Path(options.peers) if options.peers else options.build / "simulator-peers"
    run = Runner(options)
    cases, counts = SUITES[options.suite](), {"passed": 0, "failed": 0, "skipped": 0}
    try:
        if isinstance(cases, BugCases):
            cases.load(run)
    except Skip as reason:
        print(f"SKIP {options.suite}: {reason}")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    for name in options.cases or cases:
        start = time.monotonic()
        try:
            cases[name](run)
            counts["passed"] += 1
            print(f"PASS {name} ({time.monotonic() - start:.1f} s)", flush=True)
        except Skip as reason:
            counts["skipped"] += 1
            print(f"SKIP {name}: {reason}", flush=True)
        except (Fail, subprocess.TimeoutExpired) as reason:
            counts["failed"] += 1
            print(f"FAIL {name}: {reason}", flush=True)
    print(", ".join(f"{count} {word}" for word, count in counts.items()))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
