//===- PackParameters.cpp - Parameters as their kernels read them ---------------===//
//
//   plan.kernel @k (..., tensor<160x80x3x3xf32>) -> ...
// becomes
//   plan.kernel @k (..., tensor<160x80x3x3xf32, #mv.packed<panels width = 32>>) -> ...
//
// and so do the constants passed to it and the parameters behind them. The arrangement does not depend on the
// instruction set: a package holds each parameter once.
//
//===----------------------------------------------------------------------===//

#include "mv/Kernels/CPU/Emitter.h"
#include "mv/Kernels/CodeGen/Passes.h"
#include "mv/Kernels/GPU/Emitter.h"

#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace mv;

namespace mv {
#define GEN_PASS_DEF_PACKPARAMETERSPASS
#include "mv/Kernels/CodeGen/Passes.h.inc"
} // namespace mv

static bool isParameter(Type type) { return cast<RankedTensorType>(type).hasStaticShape(); }

static PackedAttr getPacking(plan::KernelOp kernel, unsigned index) {
  Block &body = kernel.getBody().front();
  if (kernel.getDevice() == "cuda")
    if (std::optional<mv::gpu::DType> dtype = mv::gpu::parseDType(kernel.getDtype().value_or("")))
      return mv::gpu::getParameterPacking(body, index, *dtype);
  return cpu::getParameterPacking(body, index);
}

/// Sets the packed types of a kernel's inputs.
static void packInputs(plan::KernelOp kernel) {
  FunctionType type = kernel.getFunctionType();
  SmallVector<Type> inputs(type.getInputs());
  for (auto [index, input] : llvm::enumerate(inputs)) {
    auto tensor = cast<RankedTensorType>(input);
    if (!isParameter(input) || tensor.getEncoding())
      continue;
    if (PackedAttr packing = getPacking(kernel, index))
      input = RankedTensorType::get(tensor.getShape(), tensor.getElementType(), packing);
  }
  kernel.setTypeAttr(TypeAttr::get(FunctionType::get(kernel.getContext(), inputs, type.getResults())));
}

namespace {

/// The parameters in each arrangement somebody asks for. The first to ask gets the parameter itself, which keeps its
/// name; others get copies.
class PackedParameters {
public:
  explicit PackedParameters(SymbolTable &symbols) : symbols_(symbols) {}

  /// The parameter that is `original` stored as `type`.
  plan::ParameterOp get(plan::ParameterOp original, Type type) {
    auto &packed = variants_[{original, type}];
    if (packed)
      return packed;
    if (taken_.insert(original).second) {
      packed = original;
    } else {
      OpBuilder builder(original);
      packed = cast<plan::ParameterOp>(builder.clone(*original));
      symbols_.insert(packed); // renames it
    }
    packed.setTypeAttr(TypeAttr::get(type));
    return packed;
  }

private:
  SymbolTable &symbols_;
  llvm::DenseSet<Operation *> taken_;
  llvm::MapVector<std::pair<Operation *, Type>, plan::ParameterOp> variants_;
};

struct PackParametersPass : mv::impl::PackParametersPassBase<PackParametersPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    for (auto kernel : getOperation().getOps<plan::KernelOp>())
      packInputs(kernel);
    PackedParameters parameters(symbols);
    getOperation().walk([&](plan::DispatchOp dispatch) { packConstants(dispatch, symbols, parameters); });
    eraseUnused();
  }

  void packConstants(plan::DispatchOp dispatch, SymbolTable &symbols, PackedParameters &parameters) {
    auto kernel = symbols.lookup<plan::KernelOp>(dispatch.getKernel());
    for (auto [index, wanted] : llvm::enumerate(kernel.getFunctionType().getInputs())) {
      auto constant = dispatch.getInputs()[index].getDefiningOp<plan::ConstantOp>();
      if (!constant)
        continue;
      auto original = symbols.lookup<plan::ParameterOp>(constant.getParameter());
      plan::ParameterOp packed = parameters.get(original, wanted);
      OpBuilder builder(constant);
      auto type = plan::BufferType::get(&getContext(), cast<RankedTensorType>(wanted));
      auto replacement = plan::ConstantOp::create(builder, constant.getLoc(), type, packed.getSymName());
      dispatch.getInputsMutable()[index].set(replacement);
    }
  }

  /// Constants no dispatch takes any more, then parameters no constant names.
  void eraseUnused() {
    llvm::DenseSet<StringAttr> used;
    getOperation().walk([&](plan::ConstantOp constant) {
      if (constant.use_empty())
        constant.erase();
      else
        used.insert(constant.getParameterAttr().getAttr());
    });
    for (auto parameter : llvm::make_early_inc_range(getOperation().getOps<plan::ParameterOp>()))
      if (!used.contains(parameter.getSymNameAttr()))
        parameter.erase();
  }
};

} // namespace
