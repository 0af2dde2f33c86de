#!/usr/bin/env bash
# Installs the dependencies, configures a preset and builds its targets.
#
#   scripts/build.sh [PRESET [TARGET...]]     default: release, all of it; the result is in build/PRESET
set -euo pipefail
cd "$(dirname "$0")/.."

preset=${1:-release}
shift || true
scripts/install-deps.sh
cmake --preset "$preset" -DMV_CUDA_INCLUDE="$(scripts/find-cuda-headers.sh)"
cmake --build "build/$preset" ${1:+--target "$@"}
