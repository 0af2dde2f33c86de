//===- Emitter.cpp - Which family emits a kernel for GPUs -----------------------===//

#include "mv/Kernels/GPU/Emitter.h"

#include "Families.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace mv;
using namespace mv::gpu;

//===----------------------------------------------------------------------===//
// Decisions that do not depend on the architecture
//===----------------------------------------------------------------------===//

static bool readsImage(Conv2DOp conv) {
  return isa_and_present<ToNHWCOp, NormalizeOp>(conv.getInput().getDefiningOp());
}

int64_t mv::gpu::getWorkspaceBytes(Block &body, DType dtype) {
  for (Operation &op : llvm::reverse(body)) {
    if (isa<SelectiveScanOp>(op))
      return getSelectiveScanWorkspaceBytes(body, dtype);
    if (auto conv = dyn_cast<Conv2DOp>(op); conv && readsImage(conv))
      return 0;
    if (isa<LinearOp, NormLinearOp, Conv2DOp>(op))
      return getProductWorkspaceBytes(&op, dtype);
    if (isa<AttentionOp>(op))
      return 0; // Its products are in its own loop.
  }
  return 0;
}

/// The unit of `rows` packing, in elements: two stages of 64 bytes at most, whatever the type.
static constexpr int64_t kRowsWidth = 64;

PackedAttr mv::gpu::getParameterPacking(Block &body, unsigned index, DType dtype) {
  BlockArgument argument = body.getArgument(index);
  auto type = cast<RankedTensorType>(argument.getType());
  if (!type.hasStaticShape() || argument.use_empty())
    return nullptr;
  MLIRContext *context = argument.getContext();
  if (type.getRank() == 1)
    return PackedAttr::get(context, PackingKind::Vector, kRowChannels);
  Operation *user = *argument.getUsers().begin();
  if (auto conv = dyn_cast<Conv2DOp>(user); conv && readsImage(conv))
    return PackedAttr::get(context, PackingKind::Panels, getStemOutputs(type.getDimSize(0)));
  if (isa<LinearOp, NormLinearOp, Conv2DOp>(user)) {
    Type element = getStorageType(context, dtype);
    return PackedAttr::get(context, PackingKind::Rows, kRowsWidth, element.isF32() ? Type() : element);
  }
  if (isa<SelectiveScanOp, Conv1DOp>(user))
    return PackedAttr::get(context, PackingKind::Columns, kRowChannels);
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Emission
//===----------------------------------------------------------------------===//

using EmitFunction = LogicalResult (*)(KernelBuilder &);

static EmitFunction lookUpFamily(plan::KernelOp kernel) {
  for (auto conv : kernel.getBody().getOps<Conv2DOp>())
    if (readsImage(conv))
      return emitStem;
  return llvm::StringSwitch<EmitFunction>(kernel.getFamily())
      .Case("attention", emitAttention)
      .Case("conv1d", emitConv1D)
      .Case("conv2d", emitConv2D)
      .Case("layer_norm", emitLayerNorm)
      .Case("linear", emitLinear)
      .Case("pointwise", emitPointwise)
      .Case("pool", emitPool)
      .Case("selective_scan", emitSelectiveScan)
      .Default(nullptr);
}

/// The packing that the kernel's emitter reads, and one result, which a pool may store twice.
static LogicalResult checkTypes(plan::KernelOp kernel, DType dtype) {
  FunctionType type = kernel.getFunctionType();
  unsigned most = kernel.getFamily() == "pool" ? 2 : 1;
  if (type.getNumResults() == 0 || type.getNumResults() > most)
    return kernel.emitOpError("has ") << type.getNumResults() << " results; a GPU kernel stores one";
  Block &body = kernel.getBody().front();
  for (BlockArgument argument : body.getArguments()) {
    PackedAttr expected = getParameterPacking(body, argument.getArgNumber(), dtype);
    auto input = cast<RankedTensorType>(type.getInput(argument.getArgNumber()));
    if (expected && input.getEncoding() != expected)
      return kernel.emitOpError("input ")
             << argument.getArgNumber() << " is " << input << ", expected its packing " << expected
             << ": run the pass that packs parameters first";
  }
  return success();
}

FailureOr<plan::GPUImplementationAttr> mv::gpu::emitKernel(plan::KernelOp kernel, const Target &target,
                                                           mlir::gpu::GPUModuleOp module, Tuning *tuning) {
  std::optional<DType> dtype = parseDType(kernel.getDtype().value_or(""));
  if (!dtype)
    return kernel.emitOpError("has no type to multiply in, expected dtype f16, bf16, tf32 or f32"), failure();
  EmitFunction emit = lookUpFamily(kernel);
  if (!emit)
    return kernel.emitOpError("no GPU kernel family is called '") << kernel.getFamily() << "'", failure();
  if (failed(checkTypes(kernel, *dtype)))
    return failure();
  KernelBuilder builder(kernel, target, module, tuning);
  if (failed(emit(builder)))
    return failure();
  return builder.finish();
}
