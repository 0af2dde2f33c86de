"""check-report.py REPORT.json MAX_KERNELS [MAX_RATIO]: fails where an entry has more kernels, an arena 10% above its live set, or
moves more than MAX_RATIO times the bytes that it must at its largest batch."""
import json
import sys

for entry in json.load(open(sys.argv[1]))["entries"]:
    kernels, arena, live = len(entry["kernels"]), entry["arena"], entry["live"]
    print(f"{entry['entry']}: {kernels} kernels, arena {arena}, live {live}")
    if kernels > int(sys.argv[2]) or arena > 1.1 * live or live <= 0:
        sys.exit("over the budget")
    if len(sys.argv) > 3:
        memory = entry["total"]["memory"][-1]
        print(f"batch {memory['batch']}: {memory['ratio']:.3f} times the least bytes")
        if not 1 <= memory["ratio"] <= float(sys.argv[3]):
            sys.exit("over the budget")
