//===- Emitter.cpp - Which family emits a kernel --------------------------------===//

#include "mv/Kernels/CPU/Emitter.h"

#include "Families.h"
#include "mv/Kernels/CPU/Decisions.h"

using namespace mlir;
using namespace mv;
using namespace mv::cpu;

//===----------------------------------------------------------------------===//
// Decisions that do not depend on the instruction set
//===----------------------------------------------------------------------===//

int64_t mv::cpu::getWorkspaceBytes(Block &body) {
  for (Operation &op : llvm::reverse(body)) {
    if (isa<AttentionOp>(op))
      return getAttentionWorkspaceBytes(body);
    if (isa<SelectiveScanOp>(op))
      return getSelectiveScanWorkspaceBytes(body);
  }
  return 0;
}

static int64_t outputsOf(Value weight) { return cast<RankedTensorType>(weight.getType()).getDimSize(0); }

/// Vectors of parameters are padded as far as any vector of any target may reach: to whole panels where a
/// product begins with them.
static int64_t vectorWidth(OpOperand &use) {
  Operation *op = use.getOwner();
  if (auto linear = dyn_cast<LinearOp>(op))
    return choosePanelWidth(outputsOf(linear.getWeight()), /*convolution=*/false);
  if (auto conv = dyn_cast<Conv2DOp>(op))
    return choosePanelWidth(outputsOf(conv.getWeight()), /*convolution=*/true);
  return 16;
}

PackedAttr mv::cpu::getParameterPacking(Block &body, unsigned index) {
  BlockArgument argument = body.getArgument(index);
  auto type = cast<RankedTensorType>(argument.getType());
  if (!type.hasStaticShape() || argument.use_empty())
    return nullptr;
  MLIRContext *context = argument.getContext();
  if (type.getRank() == 1) {
    int64_t width = 16;
    for (OpOperand &use : argument.getUses())
      width = std::max(width, vectorWidth(use));
    return PackedAttr::get(context, PackingKind::Vector, width);
  }
  Operation *user = *argument.getUsers().begin();
  if (isa<LinearOp>(user))
    return PackedAttr::get(context, PackingKind::Panels, choosePanelWidth(type.getDimSize(0), false));
  if (isa<Conv2DOp>(user))
    return PackedAttr::get(context, PackingKind::Panels, choosePanelWidth(type.getDimSize(0), true));
  if (isa<SelectiveScanOp, Conv1DOp>(user))
    return PackedAttr::get(context, PackingKind::Columns, 16);
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Emission
//===----------------------------------------------------------------------===//

using EmitFunction = LogicalResult (*)(KernelBuilder &);

static EmitFunction lookUpFamily(StringRef family) {
  return llvm::StringSwitch<EmitFunction>(family)
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

/// Whether an input is a picture's bytes, which mv.normalize makes numbers of.
static bool isPicture(BlockArgument argument) {
  return cast<RankedTensorType>(argument.getType()).getElementType().isUnsignedInteger(8) &&
         llvm::all_of(argument.getUsers(), llvm::IsaPred<NormalizeOp>);
}

/// Emitters compute in f32 and store one result.
static LogicalResult checkTypes(plan::KernelOp kernel) {
  FunctionType type = kernel.getFunctionType();
  if (type.getNumResults() != 1)
    return kernel.emitOpError("has ") << type.getNumResults() << " results; a CPU kernel stores one";
  SmallVector<Type> operands(type.getResults());
  for (BlockArgument argument : kernel.getBody().getArguments())
    if (!isPicture(argument))
      operands.push_back(type.getInput(argument.getArgNumber()));
  for (Type operand : operands)
    if (!cast<RankedTensorType>(operand).getElementType().isF32())
      return kernel.emitOpError("reads or stores ") << operand << "; CPU kernels compute in f32";
  return success();
}

/// Weights of products are read in panels.
static LogicalResult checkPacking(plan::KernelOp kernel) {
  Block &body = kernel.getBody().front();
  for (BlockArgument argument : body.getArguments()) {
    PackedAttr expected = getParameterPacking(body, argument.getArgNumber());
    if (!expected || expected.getKind() == PackingKind::Vector)
      continue;
    auto type = cast<RankedTensorType>(kernel.getFunctionType().getInput(argument.getArgNumber()));
    if (type.getEncoding() != expected)
      return kernel.emitOpError("input ")
             << argument.getArgNumber() << " is " << type << ", expected its packing " << expected
             << ": run the pass that packs parameters first";
  }
  return success();
}

FailureOr<plan::ImplementationAttr> mv::cpu::emitKernel(plan::KernelOp kernel, const Target &target,
                                                        ModuleOp module) {
  EmitFunction emit = lookUpFamily(kernel.getFamily());
  if (!emit)
    return kernel.emitOpError("no CPU kernel family is called '") << kernel.getFamily() << "'", failure();
  if (failed(checkTypes(kernel)) || failed(checkPacking(kernel)))
    return failure();
  KernelBuilder builder(kernel, target, module);
  if (failed(emit(builder)))
    return failure();
  return builder.finish();
}
