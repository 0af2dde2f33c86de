#!/usr/bin/env bash
# Runs the unit tests of everything that links no LLVM under the address and undefined-behaviour sanitizers.
set -euo pipefail
cd "$(dirname "$0")/.."

cmake --preset asan -DMV_BUILD_COMPILER=OFF -DMV_CUDA_INCLUDE="$(scripts/find-cuda-headers.sh)"
cmake --build build/asan --target check-mv-programs
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1
lit=$(command -v lit || echo /usr/lib/llvm-22/bin/lit)
"$lit" -sv build/asan/test/Unit
