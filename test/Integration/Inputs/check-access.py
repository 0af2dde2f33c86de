#!/usr/bin/env python3
"""check-access.py COUNTERS.json [--model]

How the kernels of a model use shared and global memory, from what cuda-sim counted. Of every model: the main loops of all
products, and every access of all kernels but mixers', take the fewest phases of shared memory. With --model, of one whose
rows fill sectors: every kernel uses 95 % of the bytes of the sectors of global memory that it asks for, and mixers take hardly
more phases than the fewest.
"""

import json
import sys

LEAST_USE = 0.95  # of the bytes of a kernel's sectors
# Those whose every access is at the least. Mixers have a few stores and loads beside their main loops that are not: in all
# accesses of one together so many phases for the fewest, in a model whose rows fill sectors and in any.
WITHOUT_CONFLICTS = {"linear", "conv2d", "stem", "attention", "pool"}
MOST_PHASES, MOST_PHASES_OF_ANY = 1.02, 2
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
    return kind if main_loop else None


def check_all_phases(kernel, most, errors):
    phases, least = kernel["shared_phases"], kernel["shared_ideal_phases"]
    if phases > most * least:
        errors.append(f"{kernel['kernel']}: {phases} phases of shared memory, expected at most {most:.2f} times {least}")


def check_sectors(kernel, errors):
    share, sectors = use(kernel["accesses"])
    if share < LEAST_USE:
        errors.append(f"{kernel['kernel']}: {100 * share:.1f} % of the bytes of {sectors} sectors are used, expected "
                      f"{100 * LEAST_USE:.0f} %")


def main():
    kernels, is_model, errors = json.load(open(sys.argv[1]))["kernels"], "--model" in sys.argv[2:], []
    main_loops = {check_phases(kernel, errors) for kernel in kernels}
    for kind in ("linear", "conv2d", "attention"):
        if kind not in main_loops:
            errors.append(f"no {kind} kernel has a main loop")
    for kernel in kernels:
        check_all_phases(kernel, MOST_PHASES if is_model else MOST_PHASES_OF_ANY, errors)
        if is_model:
            check_sectors(kernel, errors)
    share, sectors = use([access for kernel in kernels for access in kernel["accesses"]])
    for error in errors:
        print(error)
    print(f"{len(kernels)} kernels, {100 * share:.1f} % of the bytes of {sectors} sectors used, {len(errors)} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
