#!/usr/bin/env bash
# The goldens of B and L2 at 224, which take too long to compile for the suite: every output within 2e-5 of float64.
#
#   scripts/check-large-models.sh [FOLDER_OF_THE_TOOLS]     default: build/release/bin
set -euo pipefail
cd "$(dirname "$0")/.."

tools=${1:-build/release/bin}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for model in B L2; do
  golden=test/Integration/goldens/models/$model-224.safetensors
  "$tools/golden-case" "$golden" "$folder/$model"
  "$tools/mv-compile" "models/$model.json" --target=cpu --weights=random:1 --resolution=224x224 --outputs=logits,pooled,stages \
    -o "$folder/model.mvx"
  "$tools/mv-run" "$folder/model.mvx" "$folder/$model/input.safetensors" --expect="$golden" --tolerance=2e-5
done
