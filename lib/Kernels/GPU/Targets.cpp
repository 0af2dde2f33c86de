//===- Targets.cpp - Architectures of GPUs, and the types they multiply ---------===//
//
// The chips are the largest of their architecture (CUDA C++ Programming Guide, table of technical specifications per
// compute capability; multiprocessors from the vendor's data sheets: A100, RTX 3090, Orin, RTX 4090, H100 SXM, B200,
// RTX 5090). PTX versions are the first that know the architecture.
//
//===----------------------------------------------------------------------===//

#include "mv/Kernels/GPU/Emitter.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace mv;
using namespace mv::gpu;

static constexpr int64_t KiB = 1024;

ArrayRef<Target> mv::gpu::getTargets() {
  static const Target targets[] = {
      {"sm_80", 80, "+ptx70", 108, 164 * KiB, 163 * KiB},
      {"sm_86", 86, "+ptx71", 82, 100 * KiB, 99 * KiB},
      {"sm_87", 87, "+ptx74", 16, 164 * KiB, 163 * KiB},
      {"sm_89", 89, "+ptx78", 128, 100 * KiB, 99 * KiB},
      {"sm_90", 90, "+ptx78", 132, 228 * KiB, 227 * KiB},
      {"sm_100", 100, "+ptx86", 148, 228 * KiB, 227 * KiB},
      {"sm_120", 120, "+ptx87", 170, 100 * KiB, 99 * KiB},
  };
  return targets;
}

const Target *mv::gpu::findTarget(StringRef name) {
  for (const Target &target : getTargets())
    if (target.name == name)
      return &target;
  return nullptr;
}

const Target &mv::gpu::getCodeTarget(const Target &target) {
  return *findTarget(target.capability < 100 ? "sm_80" : "sm_100");
}

std::optional<DType> mv::gpu::parseDType(StringRef name) {
  return llvm::StringSwitch<std::optional<DType>>(name)
      .Case("f16", DType::F16)
      .Case("bf16", DType::BF16)
      .Case("tf32", DType::TF32)
      .Case("f32", DType::F32)
      .Default(std::nullopt);
}

StringRef mv::gpu::getName(DType dtype) {
  static constexpr StringLiteral names[] = {"f16", "bf16", "tf32", "f32"};
  return names[int(dtype)];
}

Type mv::gpu::getStorageType(MLIRContext *context, DType dtype) {
  if (dtype == DType::F16)
    return Float16Type::get(context);
  if (dtype == DType::BF16)
    return BFloat16Type::get(context);
  return Float32Type::get(context);
}
