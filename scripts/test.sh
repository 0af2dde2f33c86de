#!/usr/bin/env bash
# Installs, builds and runs every test: the suite on a release build, the sanitizers and fuzzers on the parts that read
# untrusted files, and a build of the runtime without LLVM.
#
#   scripts/test.sh [--quick]     --quick: the suite alone
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-deps.sh
scripts/install-test-peers.sh
scripts/install-cuda-tools.sh
scripts/build.sh release all check-mv-programs
export MV_SIMULATOR_PEERS="$PWD/build/simulator-peers"
cmake --build build/release --target check-mv
[ "${1:-}" = --quick ] && exit 0

scripts/check-style.sh
scripts/build.sh runtime-only all check-mv-programs
scripts/check-no-llvm.sh build/runtime-only
scripts/sanitize.sh
scripts/fuzz.sh "${MV_FUZZ_SECONDS:-5}"
echo "All checks passed."
