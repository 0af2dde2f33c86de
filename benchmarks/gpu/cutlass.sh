#!/usr/bin/env bash
# CUTLASS's main loops beside ours: instructions and stall counts for each matrix instruction, from machine code. CUTLASS comes
# from PyPI, its code from nvcc; no GPU is needed.
#
#   benchmarks/gpu/cutlass.sh SASS_LOOPS      the program of a build with MV_BUILD_BENCHMARKS
set -euo pipefail
cd "$(dirname "$0")/../.."

sass_loops=$(realpath "${1:?the program sass-loops}")
nvcc=${NVCC:-/usr/local/cuda/bin/nvcc}
tools=$(scripts/install-cuda-tools.sh)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
pip download --quiet --no-deps --dest "$folder" 'nvidia-cutlass==4.2.*'
python3 -m zipfile -e "$folder"/*.whl "$folder"
for architecture in sm_80 sm_90; do
  "$nvcc" -std=c++17 -O3 --expt-relaxed-constexpr -cubin -arch="$architecture" -I"$folder/cutlass_library/source/include" \
    benchmarks/gpu/cutlass.cu -o "$folder/$architecture.cubin"
  echo "$architecture"
  "$tools/cuobjdump" -sass "$folder/$architecture.cubin" | "$sass_loops" |
    perl -pe 's/_ZN7cutlass6KernelINS_4(conv|gemm)6kernel.*?GemmShapeILi(\d+)ELi(\d+)ELi(\d+)E.*/$1 $2x$3x$4/'
done
