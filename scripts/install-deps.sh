#!/usr/bin/env bash
# Installs what building and testing needs on Debian 12, from the distribution's packages. Does nothing when all is there.
set -euo pipefail

packages=(
  cmake ninja-build ccache python3 python3-venv
  clang-22 lld-22 libclang-rt-22-dev clang-format-22 clang-tidy-22
  llvm-22-dev llvm-22-tools libmlir-22-dev mlir-22-tools liblld-22-dev
  flatbuffers-compiler libflatbuffers-dev nlohmann-json3-dev libxxhash-dev libcli11-dev
  libjpeg62-turbo-dev libpng-dev libwebp-dev zlib1g-dev libzstd-dev
  libgtest-dev libgmock-dev libbenchmark-dev
)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  sudo=""
  [ "$(id -u)" -eq 0 ] || sudo=sudo
  $sudo apt-get update
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
fi
