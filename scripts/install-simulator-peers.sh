#!/usr/bin/env bash
# Makes the virtual environment that the simulator's tests take other people's kernels from: CUTLASS' headers (nvidia-cutlass),
# Triton's compiler (triton), and numpy for the expected values.
#
#   scripts/install-simulator-peers.sh FOLDER      for example build/simulator-peers, where the tests look by default
#
# Nothing in it is linked or shipped. An environment that has everything is left as it is.
set -euo pipefail

if [ $# -ne 1 ]; then
  echo "usage: $0 FOLDER" >&2
  exit 2
fi
folder=$1
if [ -x "$folder/bin/python" ] && "$folder/bin/python" -c 'import cutlass_library, numpy, triton' 2>/dev/null; then
  exit 0
fi
python3 -m venv "$folder"
# The CUTLASS package's own requirements are for its Python interface; the headers need none of them.
"$folder/bin/pip" install --quiet --no-deps 'nvidia-cutlass==4.2.0.0'
"$folder/bin/pip" install --quiet 'triton==3.9.0' numpy
"$folder/bin/python" -c 'import cutlass_library, numpy, triton'
