#!/usr/bin/env bash
# Fails when a program or library of a runtime-only build links LLVM or MLIR.
#
#   scripts/check-no-llvm.sh BUILD_FOLDER
set -euo pipefail

status=0
while IFS= read -r file; do
  if ldd "$file" 2>/dev/null | grep -E 'lib(LLVM|MLIR)' >&2; then
    echo "$file links LLVM" >&2
    status=1
  fi
done < <(find "$1/bin" "$1/lib" -type f \( -perm -u+x -o -name '*.so*' \))
exit $status
