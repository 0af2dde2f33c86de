#!/usr/bin/env bash
# From nothing to labels: installs, builds, compiles the trained checkpoint of models/fashion and classifies its pictures.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/build.sh release mv-compile mv-run mv-inspect
export PATH="$PWD/build/release/bin:$PATH"
mv-compile models/fashion -o build/fashion.mvx
mv-run build/fashion.mvx models/fashion/test/0-t-shirt-top/00019.png
mv-run build/fashion.mvx models/fashion/test --labels
