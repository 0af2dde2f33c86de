#!/usr/bin/env python3
"""check-main-loops.py REPORT.json INSTRUCTIONS STALLS

The main loops of all products and convolutions of 100 MFLOP an image or more, from what `mv-compile --report` says of a batch
of 128: at most INSTRUCTIONS instructions and STALLS stall counts for each matrix instruction, and no kernel that spills.
"""

import json
import sys

BATCH, LEAST_FLOPS, LEAST_PRODUCTS = 128, 100e6, 10


def main():
    path, most_instructions, most_stalls = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    with open(path) as file:
        entry = json.load(file)["entries"][0]
    products = {row["kernel"]: row for row in entry["kernels"]
                if row["family"] in ("linear", "conv2d") and row["flops"] >= LEAST_FLOPS}
    errors = [] if len(products) >= LEAST_PRODUCTS else [f"{len(products)} products, expected {LEAST_PRODUCTS} at least"]
    for row in products.values():
        launches = [launch for variant in row["variants"] for launch in variant["launches"]]
        for launch in launches:
            if all(grid["batch"] != BATCH for grid in launch["grids"]):
                continue
            instructions, stalls = launch["instructions_per_matrix_instruction"], launch["stalls_per_matrix_instruction"]
            print(f"{launch['function']}: {instructions:.2f} instructions, {stalls:.2f} stalls")
            if instructions > most_instructions or stalls > most_stalls or launch["spill_bytes"]:
                errors.append(f"{launch['function']} is above {most_instructions} and {most_stalls}, or spills")
    if errors:
        sys.exit("\n".join(errors))


main()
