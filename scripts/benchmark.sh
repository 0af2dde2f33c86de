#!/usr/bin/env bash
# Measures the CPU path: the FMA peak of the machine, forward passes of T at 224, and the budgets that have a time or a
# size. Peak and passes alternate, since clocks waver. Prints lines for docs/Performance.md.
#
#   scripts/benchmark.sh [THREADS]
set -euo pipefail
cd "$(dirname "$0")/.."

threads=${1:-$(nproc)}
cmake --preset release -DMV_BUILD_BENCHMARKS=ON >/dev/null
cmake --build build/release --target mv-compile mv-run fma-peak >/dev/null
export PATH="$PWD/build/release/bin:$PATH"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

field() { python3 -c 'import json,sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
seconds_and_rss() { python3 - "$@" <<'PY'
import resource, subprocess, sys, time
start = time.time()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(f"{time.time() - start:.2f} s, {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MiB at most")
PY
}

echo "machine: $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | xargs), $threads threads, $(date -u +%F)"
echo "mv-compile of T: $(seconds_and_rss mv-compile models/T.json --target=cpu --weights=random:1 -o "$work/T.mvx")"
ls -l "$work/T.mvx" | awk '{printf "package of T: %.1f MB\n", $5 / 1e6}'
for batch in 1 8; do
  for round in 1 2 3; do
    peak=$(fma-peak "$threads" | field gflops)
    ms=$(mv-run "$work/T.mvx" --benchmark=3 --threads="$threads" --batch="$batch" | field median_ms)
    python3 -c "
ms, peak, batch = float('$ms') / $batch, float('$peak'), $batch
print(f'T at 224, batch {batch}: {ms:.2f} ms an image, {9.129 / ms * 1e3:.0f} of {peak:.0f} GFLOP/s = {9.129 / ms * 1e5 / peak:.0f}% of the FMA peak')"
  done
done
echo "mv-run of one image, whole process: $(seconds_and_rss mv-run "$work/T.mvx" --random-input --threads="$threads")"
