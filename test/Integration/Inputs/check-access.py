#!/usr/bin/env python3
"""check-access.py COUNTERS.json [--model] [--only=PREFIX,...]

How the kernels of a model use shared and global memory, from what cuda-sim counted. Of every model: the main loops of all
products, and every access of linear and conv2d kernels, take the fewest phases of shared memory. With --model, of one whose
rows fill sectors: 95 % of the bytes of all sectors of global memory are used, and of each family's kernels the share below; and
mixers and stems take hardly more phases than the fewest. With --only, of those kernels alone whose names begin so.
"""

import json
import sys

# The least share of the bytes of the sectors that a kernel moves. Below the goal of 95 %, and why:
#   attention  reads what belongs to its columns 4 bytes a lane, and heads of 80 bytes begin within sectors
#   pool       reads and stores 8 floats a lane in two halves
LEAST_USE = {"linear": 0.95, "conv2d": 0.95, "stem": 0.95, "attention": 0.90, "mixer": 0.95, "pool": 0.80}
GOAL = 0.95
# Those whose every access is at the least; the others may take up to twice as many phases in all.
WITHOUT_CONFLICTS = {"linear", "conv2d", "stem"}
# In a model whose rows fill sectors, of all of a kernel's accesses together.
MOST_PHASES = {"stem": 1.0, "mixer": 1.02}
MAIN_LOOPS = ("ldmatrix", "cp.async")


def family(name):
    for word, family in (("to_nhwc", "stem"), ("attention", "attention"), ("mixer", "mixer"), ("linear", "linear"),
                         ("conv2d", "conv2d"), ("pool", "pool"), ("copy", "pool")):
        if word in name:
            return family
    sys.exit(f"no rule for kernel {name}")


def use(accesses):
    sectors = sum(access.get("sectors", 0) for access in accesses)
    return sum(access.get("used_bytes", 0) for access in accesses) / (32 * sectors), sectors


def check_phases(kernel, errors):
    """The kernel's family if it has a main loop."""
    kind = family(kernel["kernel"])
    shared = [access for access in kernel["accesses"] if "phases" in access]
    main_loop = [access for access in shared if access["instruction"].startswith(MAIN_LOOPS)]
    for access in shared if kind in WITHOUT_CONFLICTS else main_loop:
        if access["phases"] > access["ideal_phases"]:
            errors.append(f"{kernel['kernel']}: line {access['line']}: {access['phases']} phases, where {access['ideal_phases']}"
                          f" would do: {access['instruction']}")
    phases, least = (sum(access[key] for access in shared) for key in ("phases", "ideal_phases"))
    if phases > 2 * least:
        errors.append(f"{kernel['kernel']}: {phases} phases of shared memory, where {least} would do")
    return kind if main_loop else None


def check_sectors(kernel, errors):
    kind = family(kernel["kernel"])
    share, sectors = use(kernel["accesses"])
    if share < LEAST_USE[kind]:
        errors.append(f"{kernel['kernel']}: {100 * share:.1f} % of the bytes of {sectors} sectors are used, expected "
                      f"{100 * LEAST_USE[kind]:.0f} %")


def check_all_phases(kernel, errors):
    most = MOST_PHASES.get(family(kernel["kernel"]), 2)
    phases, least = kernel["shared_phases"], kernel["shared_ideal_phases"]
    if phases > most * least:
        errors.append(f"{kernel['kernel']}: {phases} phases of shared memory, expected at most {most:.2f} times {least}")


def main():
    only = [option[len("--only="):].split(",") for option in sys.argv[2:] if option.startswith("--only=")]
    kernels = json.load(open(sys.argv[1]))["kernels"]
    errors = []
    for prefix in only[0] if only else []:
        if not any(kernel["kernel"].startswith(prefix) for kernel in kernels):
            errors.append(f"no kernel's name begins with {prefix}")
    kernels = [kernel for kernel in kernels if not only or kernel["kernel"].startswith(tuple(only[0]))]
    main_loops = {check_phases(kernel, errors) for kernel in kernels}
    for kind in () if only else ("linear", "conv2d", "attention"):
        if kind not in main_loops:
            errors.append(f"no {kind} kernel has a main loop")
    share, sectors = use([access for kernel in kernels for access in kernel["accesses"]])
    if "--model" in sys.argv[2:]:
        for kernel in kernels:
            check_sectors(kernel, errors)
            check_all_phases(kernel, errors)
        if share < GOAL:
            errors.append(f"of the bytes of all {sectors} sectors {100 * share:.1f} % are used, expected {100 * GOAL:.0f} %")
    for error in errors:
        print(error)
    print(f"{len(kernels)} kernels, {100 * share:.1f} % of the bytes of {sectors} sectors used, {len(errors)} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
