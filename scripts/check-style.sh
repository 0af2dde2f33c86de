#!/usr/bin/env bash
# Checks formatting, and with --tidy the static analysis of build/release too.
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t files < <(git ls-files '*.cpp' '*.h' '*.hpp' '*.c' | grep -vE '^models/')
clang-format-22 --dry-run --Werror "${files[@]}"
if [ "${1:-}" = --tidy ]; then
  mapfile -t sources < <(git ls-files 'lib/*.cpp' 'tools/*.cpp')
  clang-tidy-22 --quiet -p build/release "${sources[@]}"
fi
