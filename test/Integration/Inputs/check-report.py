"""check-report.py REPORT.json MAX_KERNELS: fails where an entry has more kernels, or an arena 10% above its live set."""
import json
import sys

for entry in json.load(open(sys.argv[1]))["entries"]:
    kernels, arena, live = len(entry["kernels"]), entry["arena"], entry["live"]
    print(f"{entry['entry']}: {kernels} kernels, arena {arena}, live {live}")
    if kernels > int(sys.argv[2]) or arena > 1.1 * live or live <= 0:
        sys.exit("over the budget")
