#!/usr/bin/env bash
# Runs every fuzzer for some seconds, under the sanitizers. What it finds is left as crash-* in build/fuzz.
#
#   scripts/fuzz.sh [SECONDS]     default: 60 for each fuzzer
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
cmake --preset asan -DMV_BUILD_COMPILER=OFF -DMV_CUDA_INCLUDE="$(scripts/find-cuda-headers.sh)"
cmake --build build/asan --target mv-fuzzers
mkdir -p build/fuzz
cd build/fuzz
for fuzzer in ../asan/fuzz/*; do
  name=$(basename "$fuzzer")
  [ -x "$fuzzer" ] && [ -f "$fuzzer" ] || continue
  mkdir -p "$name.corpus"
  echo "fuzzing $name for $seconds s"
  if ! "$fuzzer" -max_total_time="$seconds" -rss_limit_mb=4096 -timeout=20 "$name.corpus" >"$name.log" 2>&1; then
    tail -n 60 "$name.log" >&2
    exit 1
  fi
done
