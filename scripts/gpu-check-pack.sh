#!/usr/bin/env bash
# Makes the folder that gpu-check.sh needs on a machine with a GPU: the programs, free of shared libraries but glibc's, the
# conformance cases, the golden files, the trained checkpoint, and the PyTorch peers. docs/GPUCheck.md says why it is made so.
#
#   scripts/gpu-check-pack.sh FOLDER [--build=BUILD] [--limit=MIB] [--uncompressed]
#
#   --build=BUILD     take a build as it is (default: build/release, which is brought up to date first)
#   --limit=MIB       the most that FOLDER may hold (default: 64, and none with --uncompressed)
#   --uncompressed    programs as files, for a look or a test on this machine
set -euo pipefail

usage() {
  echo "gpu-check-pack.sh: $1; usage: gpu-check-pack.sh FOLDER [--build=BUILD] [--limit=MIB] [--uncompressed]" >&2
  exit 2
}

folder='' build='' limit='' compressed=1
for argument in "$@"; do
  case $argument in
    --build=*) build=${argument#*=} ;;
    --limit=*) limit=${argument#*=} ;;
    --uncompressed) compressed='' ;;
    -*) usage "no option $argument" ;;
    *) [ -z "$folder" ] || usage "expected one FOLDER, found $folder and $argument"; folder=$argument ;;
  esac
done
[ -n "$folder" ] || usage "no FOLDER"
[ -n "$limit" ] || [ -z "$compressed" ] || limit=64
[[ $limit =~ ^[0-9]*$ ]] || usage "--limit: expected a number of MiB, found '$limit'"
if [ -e "$folder" ] && [ ! -e "$folder/gpu-check.sh" ]; then
  usage "$folder exists and is no folder of an earlier run"
fi
folder=$(realpath -m "$folder")
root=$(cd "$(dirname "$0")/.." && pwd)
if [ -z "$build" ]; then
  "$root/scripts/build.sh" release mv-compile mv-run mv-inspect mv-conformance golden-case mv
  build=$root/build/release
fi
[ -f "$build/build.ninja" ] || usage "$build is not a build made with Ninja"

mkdir -p "$(dirname "$folder")"
work=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/pack/bin" "$work/pack/models"

#===----------------------------------------------------------------------===#
# Programs
#===----------------------------------------------------------------------===#

# LLVM's archives but for the back ends of other machines, which lld would otherwise bring along by initialising all of
# them: what it calls becomes empty. (Half the size.) Polly and the random number generator come from outside the archives; the
# latter, for names of temporary files, would ask for a glibc newer than anything else here does.
prepare_llvm() {
  local llvm=$1 target kind
  archives=("$llvm"/libLLVM*.a)
  {
    for target in $("$llvm/../bin/llvm-config" --targets-built); do
      case $target in X86 | NVPTX) continue ;; esac
      mapfile -t archives < <(printf '%s\n' "${archives[@]}" | grep -v "/libLLVM${target}[A-Z]")
      for kind in TargetInfo Target TargetMC AsmPrinter AsmParser Disassembler; do
        echo "void LLVMInitialize$target$kind(void) {}"
      done
    done
    echo '#include <sys/random.h>'
    echo 'unsigned arc4random(void) { unsigned x = 0; return getrandom(&x, sizeof x, 0) == sizeof x ? x : 0; }'
    echo 'void getPollyPluginInfo(void) __asm__("_Z18getPollyPluginInfov");'
    echo 'void getPollyPluginInfo(void) { __builtin_trap(); }'
  } >"$work/stubs.c"
  clang-22 -O1 -Wno-missing-prototypes -c "$work/stubs.c" -o "$work/stubs.o"
  archives+=("$work/stubs.o")
}

# Links a program of the build again as the build does, with an archive wherever there is one in place of a shared library.
relink() {
  local target=$1 result=$2 command word previous='' words=()
  command=$(ninja -C "$build" -t commands "$target" | grep -e ' -o ' | tail -n 1)
  for word in $command; do
    case $word in
      : | '&&' | -Wl,-rpath,*) continue ;;
      */libMLIR.so* | */libMLIR-*) words+=("${word%/*}"/libMLIR*.a) ;;
      */libLLVM.so* | */libLLVM-*)
        [ -f "$work/stubs.o" ] || prepare_llvm "${word%/*}"
        words+=("${archives[@]}") ;;
      /*.so) if [ -f "${word%.so}.a" ]; then words+=("${word%.so}.a"); else words+=("$word"); fi ;;
      *) if [ "$previous" = -o ]; then words+=("$result"); else words+=("$word"); fi ;;
    esac
    previous=$word
  done
  (cd "$build" && "${words[@]}" -static-libstdc++ -static-libgcc -Wl,-s)
}

for name in mv-compile mv-run mv-inspect mv-conformance golden-case; do
  [ -x "$build/bin/$name" ] || usage "$build has no $name: build it"
  relink "bin/$name" "$work/pack/bin/$name"
done
[ -e "$build/lib/libmv.so" ] || usage "$build has no libmv.so: build mv"
relink lib/libmv.so "$work/pack/bin/libmv.so"

# Nothing but glibc may be asked for: the other machine has what it has.
for file in "$work"/pack/bin/*; do
  if objdump -p "$file" | awk '/NEEDED/ {print $2}' | grep -vE '^(lib(c|m|dl|pthread|rt)\.so|ld-linux)'; then
    echo "gpu-check-pack.sh: $(basename "$file") needs the shared library above: install its archive (lib*.a)" >&2
    exit 3
  fi
done

#===----------------------------------------------------------------------===#
# The rest
#===----------------------------------------------------------------------===#

cp "$root/scripts/gpu-check.sh" "$work/pack/"
cp -r "$root/test/Device" "$work/pack/device"
cp -r "$root/test/Integration/goldens/models" "$work/pack/goldens"
cp "$root/models/T.json" "$work/pack/models/"
cp -r "$root/models/fashion" "$work/pack/models/fashion"
mkdir "$work/pack/peers"
cp "$root"/benchmarks/gpu/*.py "$work/pack/peers/"
glibc=$(objdump -T "$work"/pack/bin/* | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
{
  echo "commit $(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo unknown)$(git -C "$root" diff --quiet HEAD 2>/dev/null || echo ', changed')"
  echo "packed $(date -u +%F)"
  echo "needs x86-64 Linux with glibc ${glibc#GLIBC_} or newer"
} >"$work/pack/about.txt"

if [ -n "$compressed" ]; then
  tar -C "$work/pack" -c bin | xz -T0 >"$work/pack/programs.tar.xz"
  rm -r "$work/pack/bin"
fi
bytes=$(du -sb "$work/pack" | cut -f1)
if [ -n "$limit" ] && [ "$bytes" -gt $((limit << 20)) ]; then
  echo "gpu-check-pack.sh: the folder would hold $bytes bytes, more than $limit MiB" >&2
  exit 1
fi
rm -rf "$folder"
mv "$work/pack" "$folder"
echo "$folder: $(du -sm "$folder" | cut -f1) MiB, $(sed -n 3p "$folder/about.txt")"
