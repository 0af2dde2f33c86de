#!/usr/bin/env bash
# Python packages that some tests need: the CUDA driver's header where there is no toolkit, and other people's GPU
# kernels for the simulator. Tests whose package is missing say so and are skipped.
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p build
scripts/install-simulator-peers.sh build/simulator-peers ||
  echo "warning: no virtual environment for the simulator's peers; their tests will be skipped" >&2
