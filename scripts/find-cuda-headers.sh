#!/usr/bin/env bash
# Prints the folder of the CUDA driver's header: a toolkit's, else one of PyPI's, installed below build/. The header is
# all that the simulator needs of CUDA to be built; nothing of it is linked.
set -euo pipefail
cd "$(dirname "$0")/.."

for folder in "${CUDA_HOME:-}" "${CUDA_PATH:-}" /usr/local/cuda; do
  if [ -n "$folder" ] && [ -f "$folder/include/cuda.h" ]; then
    echo "$folder/include"
    exit 0
  fi
done
venv=build/cuda-headers
if ! compgen -G "$venv/lib/python3*/site-packages/nvidia/cu13/include/cuda.h" >/dev/null; then
  python3 -m venv "$venv" >&2
  "$venv/bin/pip" install --quiet --no-deps 'nvidia-cuda-runtime==13.0.*' 'nvidia-cuda-crt==13.0.*' >&2
fi
header=$(compgen -G "$PWD/$venv/lib/python3*/site-packages/nvidia/cu13/include/cuda.h" | head -n 1)
dirname "$header"
