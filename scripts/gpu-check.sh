#!/usr/bin/env bash
# Checks and measures everything on a machine with a GPU: one run, one line for each check, and a table for
# docs/Performance.md. It runs in the folder that gpu-check-pack.sh made, and needs the GPU's driver and no toolkit.
#
#   gpu-check.sh [--out=FOLDER] [--quick] [--no-benchmarks] [--minutes=N] [--only=REGEX] [--simulator=CUDA_SIM]
#
#   --out=FOLDER      for results.txt, Performance.md and logs/ (default: gpu-check-results)
#   --quick           small models and T alone, each way of running it at batches 1 and 128, no torch.compile
#   --no-benchmarks   the correctness half
#   --minutes=N       what has not begun by then is not run (default: 9)
#   --only=REGEX      only checks whose names match (conformance/linear/f16, golden/micro/bf16, ...), and the benchmarks where
#                     "benchmark" does
#   --simulator=FILE  the correctness half on the GPU that cuda-sim simulates, with its checks
#
# Exit codes: 0 all that ran passed; 1 a check failed; 2 wrong usage; 3 the machine lacks something. Whatever is not run has a
# line that says so and why.
set -euo pipefail
shopt -s inherit_errexit

usage() {
  echo "gpu-check.sh: $1 (see the head of $0)" >&2
  exit 2
}

out=gpu-check-results quick='' benchmarks=1 minutes=9 only=. simulator=''
for argument in "$@"; do
  case $argument in
    --out=*) out=${argument#*=} ;;
    --quick) quick=1 ;;
    --no-benchmarks) benchmarks= ;;
    --minutes=*) minutes=${argument#*=} ;;
    --only=*) only=${argument#*=} ;;
    --simulator=*) simulator=${argument#*=} benchmarks= ;;
    *) usage "no option $argument" ;;
  esac
done
[[ $minutes =~ ^[0-9]+$ ]] || usage "--minutes: expected a number, found '$minutes'"
here=$(cd "$(dirname "$0")" && pwd)
[ -e "$here/about.txt" ] || usage "$here is not a folder that gpu-check-pack.sh made"
mkdir -p "$out/logs"
out=$(cd "$out" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: >"$out/results.txt"

left_out=0
dtypes="f16 bf16 tf32 f32"
# Largest |error| / |expected|: what rounding alone may do.
declare -A limits=([f16]=5e-3 [bf16]=3e-2 [tf32]=2e-3 [f32]=2e-5)

#===----------------------------------------------------------------------===#
# Running checks
#===----------------------------------------------------------------------===#

say() { echo "$*" | tee -a "$out/results.txt"; }
line() { say "$(printf '%-8s %-34s %s' "$1" "$2" "$3")"; }
not_run() { ! [[ $1 =~ $only ]] || line 'not run' "$1" "$2"; }
remaining() { echo $((60 * minutes - SECONDS)); }

# check NAME FUNCTION ARGUMENTS...: in the background, `jobs` at a time. What the function prints is the line's text; it fails
# by failing, or skips itself with code 77 and a text that says why.
check() {
  if ! [[ $1 =~ $only ]]; then
    left_out=$((left_out + 1))
    return
  fi
  while (($(jobs -rp | wc -l) >= jobs)); do wait -n || true; done
  if (($(remaining) <= 0)); then
    not_run "$1" "the $minutes minutes were over"
    return
  fi
  run_check "$@" &
}

run_check() {
  local name=$1 log=$out/logs/${1//\//-}.log status=0 start=$SECONDS text
  shift
  set +e
  (
    set -e
    "$@"
  ) >"$log.text" 2>"$log"
  status=$?
  text=$(tail -n 1 "$log.text")
  rm "$log.text"
  case $status in
    0) line ok "$name" "$text, $((SECONDS - start)) s" ;;
    77) line 'not run' "$name" "$text" ;;
    *) line FAILED "$name" "${text:+$text; }$(reason_in "$log") (exit code $status, $log)" ;;
  esac
}

# The line of a log that says best what went wrong.
reason_in() {
  if grep -q 'error:' "$1"; then grep 'error:' "$1" | tail -n 1; else tail -n 1 "$1"; fi
}

# A program that uses the GPU; `checks=none` in front of it where the simulator would take too long with its own.
gpu() { if [ -n "$simulator" ]; then "$simulator" --checks="${checks:-all}" "$@"; else "$@"; fi; }

# The largest of the numbers that an expression of sed finds.
largest() { sed -nE "$1" "$2" | sort -g | tail -n 1; }

#===----------------------------------------------------------------------===#
# The checks
#===----------------------------------------------------------------------===#

# Every case of a file against the reference interpreter, and bit by bit between batches.
conformance() {
  local file=$1 dtype=$2 target=$3 log=$work/conformance-$1-$2-$3
  gpu mv-conformance "$here/device/$file.mlir" "$log.mvx" --target="$target" --dtype="$dtype" >"$log" || {
    grep -h FAILED "$log"
    return 1
  }
  cat "$log" >&2
  echo "$(wc -l <"$log") outputs, largest error $(largest 's/.* ([0-9.e+-]+)$/\1/p' "$log") of ${limits[$dtype]} allowed"
  rm -f "$log"*
}

# Every output of a golden file's model.
golden() {
  local case=$1 dtype=$2 folder=$work/golden-$1-$2 options
  options=$(golden-case "$here/goldens/$case.safetensors" "$folder")
  # shellcheck disable=SC2086
  mv-compile "$folder/config.json" $options --outputs=logits,pooled,stages --target="$native" --dtype="$dtype" -o "$folder/model.mvx"
  gpu mv-run "$folder/model.mvx" "$folder/input.safetensors" --device=cuda --expect="$here/goldens/$case.safetensors" \
    --norm=l2 --tolerance="${limits[$dtype]}" >"$folder/log" 2>"$folder/errors" || {
    cat "$folder/log" "$folder/errors" >&2
    return 1
  }
  cat "$folder/log" >&2
  echo "$(wc -l <"$folder/log") outputs, largest error $(largest 's/.* = ([0-9.e+-]+) \(.*/\1/p' "$folder/log") of ${limits[$dtype]} allowed"
  rm -r "$folder"
}

compile_fashion() {
  mv-compile "$here/models/fashion" --outputs=logits,pooled,stages --target="$native" --dtype="$1" -o "$2"
}

# The trained checkpoint from picture files to accuracy: 462 of 500 expected, 460 to 464 will do.
checkpoint() {
  local dtype=$1 model=$work/checkpoint-$1 right
  compile_fashion "$dtype" "$model.mvx"
  checks=none gpu mv-run "$model.mvx" "$here/models/fashion/test" --device=cuda --labels >"$model.log"
  cat "$model.log" >&2
  right=$(sed -nE 's/^top-1 accuracy .*\(([0-9]+) of 500\)$/\1/p' "$model.log")
  echo "$right of 500 pictures right"
  ((right >= 460 && right <= 464))
  rm "$model"*
}

# An image's outputs have the same bits in a batch of any size: MODEL BATCH OTHER_BATCH INPUT...
same_bits() {
  local model=$1 batch=$2 other=$3
  shift 3
  gpu mv-run "$model" "$@" --device=cuda --batch="$batch" --save="$model.safetensors" --top=1 >&2
  gpu mv-run "$model" "$@" --device=cuda --batch="$other" --expect="$model.safetensors" --tolerance=0 >&2
  rm "$model.safetensors"
  echo "the same bits in batches of $batch and $other"
}

bits_fashion() {
  compile_fashion "$1" "$work/bits-$1.mvx"
  same_bits "$work/bits-$1.mvx" 50 7 "$here/models/fashion/test/5-sandal"
}

compile_T() {
  mv-compile "$here/models/T.json" --weights=random:1 --target="$2" --dtype="$1" --outputs=logits -o "$3"
}

bits_T() {
  compile_T "$1" "$native" "$work/bits-T-$1.mvx"
  same_bits "$work/bits-T-$1.mvx" 128 1 --random-input --images=130
}

# One of compute-sanitizer's tools over a whole small model.
sanitizer() {
  local tool=$1 case=$2 dtype=$3 folder=$work/sanitizer-$1-$2-$3 options status=0
  options=$(golden-case "$here/goldens/$case.safetensors" "$folder")
  # shellcheck disable=SC2086
  mv-compile "$folder/config.json" $options --outputs=logits,pooled,stages --target="$native" --dtype="$dtype" -o "$folder/model.mvx"
  "$compute_sanitizer" --tool="$tool" --error-exitcode=9 "$(command -v mv-run)" "$folder/model.mvx" "$folder/input.safetensors" \
    --device=cuda --top=1 >"$folder/log" 2>&1 || status=$?
  cat "$folder/log" >&2
  if grep -q 'Device not supported' "$folder/log"; then
    echo 'compute-sanitizer does not support this device'
    exit 77
  fi
  grep -E '^=+ (ERROR|RACECHECK) SUMMARY' "$folder/log" | tail -n 1 | sed 's/^=* //'
  ((status == 0))
  grep -qE 'SUMMARY: 0 ' "$folder/log"
  rm -r "$folder"
}

#===----------------------------------------------------------------------===#
# The machine
#===----------------------------------------------------------------------===#

unpack_programs() {
  if [ -d "$here/bin" ]; then
    bin=$here/bin
    return
  fi
  bin=$work/bin
  if command -v xz >"$work/log"; then
    xz -dc "$here/programs.tar.xz" | tar -x -C "$work"
  else
    python3 -c 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])' "$here/programs.tar.xz" "$work"
  fi || {
    echo 'gpu-check.sh: neither xz nor python3 could unpack the programs' >&2
    exit 3
  }
}

# nvidia-smi counts GPUs by their place on the bus; so shall the driver.
export CUDA_DEVICE_ORDER=PCI_BUS_ID
smi() { nvidia-smi --query-gpu="$1" --format=csv,noheader --id="${CUDA_VISIBLE_DEVICES-0}" 2>/dev/null | head -n 1 || true; }

# The GPU's own code where the compiler makes it, else what every GPU takes.
find_target() {
  native=sm_80
  [ -z "$simulator" ] || return 0
  local name
  name=sm_$(smi compute_cap | tr -d '. ')
  if mv-compile "$here/models/fashion" --target="$name" -o "$work/probe.mvx" 2>"$work/log"; then native=$name; fi
}

describe_machine() {
  local translator='the driver'
  if mv-inspect "$work/probe.mvx" | grep ' cubin ' >"$work/log"; then translator='ptxas, found here'; fi
  say "gpu-check, $(date -u '+%F %H:%M') UTC, $(tr '\n' ';' <"$here/about.txt" | sed 's/;$//; s/;/; /g')"
  if [ -n "$simulator" ]; then
    say "GPU: simulated by $(basename "$simulator"), with all its checks but for checkpoint/*"
  elif [ -n "$(smi name)" ]; then
    say "GPU: $(smi name), compute capability $(smi compute_cap), driver $(smi driver_version), limit $(smi power.limit)"
    say "clocks now $(smi clocks.sm), $(smi clocks.mem); at most $(smi clocks.max.sm), $(smi clocks.max.mem)"
  else
    say 'GPU: unknown, for want of nvidia-smi'
  fi
  say "CPU: $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), $(nproc) at hand"
  say "code for $native, PTX translated by $translator"
}

# Where the work is to be done at all: programs that start, a GPU, and a driver that takes the code.
probe() {
  compile_fashion f16 "$work/probe.mvx" 2>"$work/log" || {
    cat "$work/log" >&2
    echo "gpu-check.sh: the compiler does not run here; $(sed -n 3p "$here/about.txt")" >&2
    exit 3
  }
  gpu mv-run "$work/probe.mvx" "$here"/models/fashion/test/5-sandal/00008.png --device=cuda >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    echo 'gpu-check.sh: no usable GPU: the lines above say why' >&2
    exit 3
  }
}

# Compiling and the reference interpreter are most of the work, and both are the CPU's.
count_jobs() {
  jobs=$(nproc)
  if [ -z "$simulator" ]; then jobs=$((jobs > 16 ? 8 : (jobs + 1) / 2)); fi
  if [[ $(smi compute_mode) == *Exclusive* ]]; then jobs=1; fi
}

#===----------------------------------------------------------------------===#
# Correctness
#===----------------------------------------------------------------------===#

check_kernels() {
  local file dtype
  for file in "$here"/device/*.mlir; do
    file=$(basename "$file" .mlir)
    for dtype in $dtypes; do
      check "conformance/$file/$dtype" conformance "$file" "$dtype" sm_80
      [ "$native" = sm_80 ] || check "conformance/$file/$dtype/$native" conformance "$file" "$dtype" "$native"
    done
  done
}

check_goldens() {
  local file case dtype
  for file in "$here"/goldens/*.safetensors; do
    case=$(basename "$file" .safetensors)
    for dtype in $dtypes; do
      if [ -n "$simulator" ] && [[ $case != micro* ]]; then
        not_run "golden/$case/$dtype" 'left out by --simulator: simulating it takes minutes'
      elif [ -n "$quick" ] && [[ $case != micro* && $case != T-224-b1 ]]; then
        not_run "golden/$case/$dtype" 'left out by --quick'
      else
        check "golden/$case/$dtype" golden "$case" "$dtype"
      fi
    done
  done
}

check_models() {
  local dtype
  for dtype in $dtypes; do
    check "checkpoint/$dtype" checkpoint "$dtype"
    check "bits/fashion/$dtype" bits_fashion "$dtype"
    if [ -n "$simulator" ]; then
      not_run "bits/T/$dtype" 'left out by --simulator: simulating it takes minutes'
    else
      check "bits/T/$dtype" bits_T "$dtype"
    fi
  done
}

check_sanitizer() {
  local tool case reason=''
  compute_sanitizer=$(command -v compute-sanitizer || echo /usr/local/cuda/bin/compute-sanitizer)
  if [ -n "$simulator" ]; then
    reason="the simulator's own checks take its place"
  elif [ ! -x "$compute_sanitizer" ]; then
    reason='no compute-sanitizer on the PATH or in /usr/local/cuda/bin'
  fi
  for tool in memcheck racecheck initcheck synccheck; do
    for case in micro-odd/f16 micro-odd/bf16 micro-odd/tf32 micro-odd/f32 micro-pad/f16; do
      if [ -n "$reason" ]; then
        not_run "sanitizer/$tool/$case" "$reason"
      else
        check "sanitizer/$tool/$case" sanitizer "$tool" "${case%/*}" "${case#*/}"
      fi
    done
  done
}

#===----------------------------------------------------------------------===#
# Benchmarks
#===----------------------------------------------------------------------===#

# Milliseconds by "row batch".
declare -A on_device in_host
torch='' # Its version, once a peer has run.

# The number of a key in a line of JSON.
number_of() { sed -nE "s/.*\"$1\": ([0-9.e+-]+).*/\1/p" | head -n 1; }

# mv-run from and to the host's memory: ROW DTYPE TARGET BATCH...
time_package() {
  local row=$1 dtype=$2 target=$3 batch log
  shift 3
  compile_T "$dtype" "$target" "$work/$row.mvx" 2>"$work/log" || {
    line FAILED "benchmark/$row" "$(tail -n 1 "$work/log")"
    return
  }
  for batch; do
    log=$out/logs/benchmark-$row-$batch.log
    if (($(remaining) <= 0)); then
      not_run "benchmark/$row/$batch" "the $minutes minutes were over"
    elif mv-run "$work/$row.mvx" --device=cuda --batch="$batch" --benchmark=2 >"$log" 2>&1; then
      in_host[$row $batch]=$(number_of median_ms <"$log")
      line ok "benchmark/$row/$batch" "${in_host[$row $batch]} ms, host to host"
    else
      line FAILED "benchmark/$row/$batch" "$(reason_in "$log")"
    fi
  done
}

# peers.py, all batches in one process: WAY SECONDS_AT_MOST BATCH...
time_peer() {
  local way=$1 limit=$2 log=$out/logs/benchmark-$1.log status=0 batch found
  shift 2
  limit=$((limit < $(remaining) ? limit : $(remaining)))
  if ((limit <= 0)); then
    not_run "benchmark/$way" "the $minutes minutes were over"
    return
  fi
  timeout -k 5 "$limit" python3 "$here/peers/peers.py" "$here/goldens/T-224-b1.safetensors" --way="$way" \
    --batch="$(IFS=,; echo "$*")" --library="$bin/libmv.so" --package="$work/mv-f16-$native.mvx" >"$log.json" 2>"$log" || status=$?
  for batch; do
    found=$(grep -F "\"batch\": $batch," "$log.json" || true)
    if [ -n "$found" ]; then
      on_device[$way $batch]=$(number_of device_ms <<<"$found")
      in_host[$way $batch]=$(number_of host_ms <<<"$found")
      torch=$(sed -E 's/.*"torch": "([^"]*)".*/\1/' <<<"$found")
      line ok "benchmark/$way/$batch" "${on_device[$way $batch]} ms on the GPU, ${in_host[$way $batch]} ms host to host"
    elif ((status >= 124)); then
      not_run "benchmark/$way/$batch" "not done in the $limit seconds that were left for it"
    else
      # The package's own failure is one; a peer's is its own matter, but no silent one.
      if [ "$way" = mv ]; then line FAILED "benchmark/mv/$batch" "$(tail -n 1 "$log")"; else
        not_run "benchmark/$way/$batch" "$(tail -n 1 "$log")"
      fi
    fi
  done
}

# The peers and the package among them, but torch.compile: BATCH...
time_peers() {
  local way
  has_torch=''
  if ! python3 -c 'import torch, numpy; assert torch.cuda.is_available()' 2>"$work/log"; then
    for way in mv eager graph compile; do
      not_run "benchmark/$way" "python3 has no PyTorch that sees the GPU: $(tail -n 1 "$work/log")"
    done
    return
  fi
  has_torch=1
  for way in mv eager graph; do time_peer "$way" 120 "$@"; done
}

# What matters most comes first, and what may take all the time there is comes last.
run_benchmarks() {
  local dtype batches=(1 8 32 128) few=(1 128)
  [ -z "$quick" ] || batches=("${few[@]}")
  time_package "mv-f16-$native" f16 "$native" "${batches[@]}"
  time_peers "${batches[@]}"
  [ "$native" = sm_80 ] || time_package mv-f16-sm_80 f16 sm_80 "${batches[@]}"
  for dtype in bf16 tf32 f32; do time_package "mv-$dtype-$native" "$dtype" "$native" "${few[@]}"; done
  if [ -n "$has_torch" ] && [ -z "$quick" ]; then
    time_peer compile 600 128 1 32 8
  elif [ -n "$has_torch" ]; then
    not_run benchmark/compile 'left out by --quick'
  fi
}

# One line of a table: TEXT, ROW and the name of the array of milliseconds.
table_row() {
  local -n times=$3
  local batch ms cells=
  for batch in 1 8 32 128; do
    ms=${times[$2 $batch]:-}
    cells+=" | ${ms:+$(awk -v ms="$ms" -v n="$batch" 'BEGIN {printf (ms < 10 ? "%.3f" : "%.1f") " ms, %.0f/s", ms, 1000 * n / ms}')}"
    [ -n "$ms" ] || cells+='not run'
  done
  echo "| $1$cells |"
}

table_rows() {
  table_row "PyTorch${torch:+ $torch}, channels_last, autocast to f16" eager "$1"
  table_row "PyTorch, f16 weights, channels_last, CUDA graph" graph "$1"
  table_row 'torch.compile, max-autotune, f16 weights, channels_last' compile "$1"
}

write_table() {
  local dtype
  {
    printf '### T at 224 on %s\n\n' "$(smi name | grep . || echo 'an unknown GPU')"
    sed -n '1,/^code for/s/^/- /p' "$out/results.txt"
    [ -z "$(smi name)" ] || echo "- clocks after it $(smi clocks.sm), $(smi clocks.mem), $(smi temperature.gpu) C"
    printf '\n| images and logits on the GPU | batch 1 | 8 | 32 | 128 |\n| --- | --- | --- | --- | --- |\n'
    table_row "mv, f16, $native" mv on_device
    table_rows on_device
    printf "\n| images and logits in the host's memory | batch 1 | 8 | 32 | 128 |\n| --- | --- | --- | --- | --- |\n"
    table_row "mv, f16, $native" "mv-f16-$native" in_host
    [ "$native" = sm_80 ] || table_row 'mv, f16, sm_80' mv-f16-sm_80 in_host
    for dtype in bf16 tf32 f32; do table_row "mv, $dtype, $native" "mv-$dtype-$native" in_host; done
    table_rows in_host
  } >"$out/Performance.md"
  cat "$out/Performance.md"
}

#===----------------------------------------------------------------------===#
# Main
#===----------------------------------------------------------------------===#

unpack_programs
PATH=$bin:$PATH
find_target
probe
describe_machine
count_jobs
check_goldens
check_kernels
check_models
wait
check_sanitizer
wait
if ! [[ benchmark =~ $only ]]; then
  line 'not run' benchmarks "left out by --only=$only"
elif [ -n "$benchmarks" ]; then
  run_benchmarks
  write_table
else
  line 'not run' benchmarks 'left out by --no-benchmarks or --simulator'
fi
((left_out == 0)) || line 'not run' "$left_out others" "left out by --only=$only"

passed=$(grep -c '^ok ' "$out/results.txt" || true) failed=$(grep -c '^FAILED ' "$out/results.txt" || true)
say "$passed passed, $failed failed, $(grep -c '^not run ' "$out/results.txt" || true) lines of what was not run; $SECONDS s; $out"
((failed == 0)) || exit 1
((passed > 0)) || usage "no check matches --only=$only"
