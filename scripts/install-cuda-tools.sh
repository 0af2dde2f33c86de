#!/usr/bin/env bash
# Makes ptxas, cuobjdump and nvdisasm available where no CUDA toolkit is installed: from PyPI, below build/. Prints the folder
# they are in. Tests and reports use them where they are; the compiler and the runtime need none of them.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=build/cuda-tools
bin="$PWD/$venv/tools"
if [ ! -x "$bin/ptxas" ] || [ ! -x "$bin/cuobjdump" ] || [ ! -x "$bin/nvdisasm" ]; then
  python3 -m venv "$venv" >&2
  "$venv/bin/pip" install --quiet --no-deps 'nvidia-cuda-nvcc==13.0.*' 'nvidia-cuda-cuobjdump==13.3.*' 'nvidia-cuda-nvdisasm==13.3.*' >&2
  mkdir -p "$bin"
  for tool in ptxas cuobjdump nvdisasm; do
    found=$(find "$PWD/$venv"/lib/python3*/site-packages/nvidia -type f -name "$tool" | head -n 1)
    [ -n "$found" ] || { echo "$0: the packages from PyPI hold no $tool" >&2; exit 1; }
    chmod +x "$found"
    ln -sf "$found" "$bin/$tool"
  done
fi
echo "$bin"
