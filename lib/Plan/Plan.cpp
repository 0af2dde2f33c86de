//===- Plan.cpp - Functions of kernels to entry points --------------------------===//
//
//     func.func @forward_64x64(%image: tensor<?x3x64x64xf32>) -> (tensor<?x3xf32> {mv.name = "pooled"}) {
//       %w = mv.parameter "w" : tensor<3x3xf32>
//       %0 = mv.kernel(%image) { mv.to_nhwc }
//       %1 = mv.kernel(%0) { mv.pool }
//       return %1
//     }
//
// becomes
//
//     plan.kernel @to_nhwc_64x64x3 ...   plan.kernel @pool_64x64x3 ...
//     plan.entry @forward_64x64 arena 49152 live 49152 {
//       %0 = plan.input : !plan.buffer<tensor<?x3x64x64xf32>>
//       %1 = plan.output "pooled" : !plan.buffer<tensor<?x3xf32>>
//       %2 = plan.slice 0 bytes 49152 : !plan.buffer<tensor<?x64x64x3xf32>>
//       plan.dispatch @to_nhwc_64x64x3 "patch_embed.to_nhwc"(%0) into(%2) ...
//       plan.dispatch @pool_64x64x3 "avgpool"(%2) into(%1) ...
//     }
//
//===----------------------------------------------------------------------===//

#include "Tables.h"
#include "mv/IR/Devices.h"
#include "mv/Plan/BufferLiveness.h"
#include "mv/Plan/KernelNames.h"

namespace mv {
#define GEN_PASS_DEF_PLAN
#include "mv/Plan/Passes.h.inc"
} // namespace mv

using namespace mlir;
using namespace mv;

static plan::BufferType getBufferType(Value value) {
  return plan::BufferType::get(value.getContext(), cast<RankedTensorType>(value.getType()));
}

namespace {
/// Builds the plan.entry of one function.
class EntryBuilder {
public:
  EntryBuilder(func::FuncOp function, OpBuilder &builder, ParameterTable &parameters, KernelTable &kernels)
      : function(function), builder(builder), parameters(parameters), kernels(kernels), liveness(function) {}

  LogicalResult build() {
    OpBuilder::InsertionGuard guard(builder);
    ArenaPlan arena = planMemory();
    auto attribute = [&](StringRef name) { return function->getAttrOfType<StringAttr>(name); };
    auto entry = plan::EntryOp::create(builder, function.getLoc(), function.getName(), arena.bytes,
                                       arena.live, attribute(kDeviceAttribute), attribute(kDTypeAttribute),
                                       attribute(kNameAttribute));
    builder.createBlock(&entry.getBody());
    if (failed(buildArgument()) || failed(buildOutputs()))
      return failure();
    for (KernelOp kernel : liveness.getKernels())
      buildDispatch(kernel);
    return success();
  }

private:
  func::FuncOp function;
  OpBuilder &builder;
  ParameterTable &parameters;
  KernelTable &kernels;
  BufferLiveness liveness;
  DenseMap<Value, int64_t> offsets;                ///< Of values in the arena.
  DenseMap<Operation *, int64_t> workspaceOffsets; ///< By kernel.
  DenseMap<Value, Value> buffers;
  DenseMap<Operation *, Value> constants; ///< By plan.parameter.

  int64_t getAlignment() { return isForCUDA(function) ? kCUDAArenaAlignment : kArenaAlignment; }

  func::ReturnOp getReturn() { return cast<func::ReturnOp>(function.getBody().front().getTerminator()); }

  /// Places what is neither the caller's nor a parameter.
  ArenaPlan planMemory() {
    llvm::SmallDenseSet<Value> outputs(getReturn().operand_begin(), getReturn().operand_end());
    std::vector<LiveInterval> intervals;
    SmallVector<std::pair<Value, size_t>> values;
    SmallVector<std::pair<KernelOp, size_t>> workspaces;
    for (KernelOp kernel : liveness.getKernels()) {
      for (Value result : kernel.getResults())
        if (!outputs.contains(result)) {
          values.emplace_back(result, intervals.size());
          intervals.push_back(liveness.getInterval(result));
        }
      if (int64_t bytes = kernels.get(kernel).getWorkspace()) {
        workspaces.emplace_back(kernel, intervals.size());
        intervals.push_back(liveness.getWorkspaceInterval(kernel, bytes));
      }
    }
    ArenaPlan arena = planArena(intervals, getAlignment());
    for (auto [value, index] : values)
      offsets[value] = arena.offsets[index];
    for (auto [kernel, index] : workspaces)
      workspaceOffsets[kernel] = arena.offsets[index];
    return arena;
  }

  LogicalResult buildArgument() {
    if (function.getNumArguments() != 1)
      return function.emitError("entry point '")
             << function.getName() << "' has " << function.getNumArguments()
             << " arguments, expected one, the images";
    BlockArgument image = function.getArgument(0);
    buffers[image] = plan::InputOp::create(builder, image.getLoc(), getBufferType(image));
    return success();
  }

  LogicalResult buildOutputs() {
    for (auto [index, value] : llvm::enumerate(getReturn().getOperands())) {
      auto name = function.getResultAttrOfType<StringAttr>(index, "mv.name");
      if (!name)
        return function.emitError("result ") << index << " of entry point '" << function.getName()
                                             << "' has no name, expected the attribute mv.name";
      if (!value.getDefiningOp<KernelOp>() || buffers.contains(value))
        return function.emitError("output '") << name.getValue() << "' of '" << function.getName()
                                              << "' is not the result of a kernel of its own";
      buffers[value] = plan::OutputOp::create(builder, value.getLoc(), getBufferType(value), name);
    }
    return success();
  }

  Value getConstant(Value parameter) {
    plan::ParameterOp op = parameters.get(parameter);
    Value &constant = constants[op];
    if (!constant)
      constant = plan::ConstantOp::create(builder, parameter.getLoc(), getBufferType(parameter),
                                          FlatSymbolRefAttr::get(op.getSymNameAttr()));
    return constant;
  }

  Value buildSlice(Location loc, int64_t offset, plan::BufferType type) {
    return plan::SliceOp::create(builder, loc, type, offset, roundUp(type.getByteSize(), getAlignment()));
  }

  Value getInput(Value value) {
    Value buffer = buffers.lookup(value);
    return buffer ? buffer : getConstant(value);
  }

  Value getResult(Value value) {
    Value &buffer = buffers[value];
    if (!buffer)
      buffer = buildSlice(value.getLoc(), offsets.lookup(value), getBufferType(value));
    return buffer;
  }

  Value buildWorkspace(KernelOp kernel, int64_t bytes) {
    if (bytes == 0)
      return {};
    auto tensor = RankedTensorType::get({ShapedType::kDynamic, bytes}, builder.getI8Type());
    return buildSlice(kernel.getLoc(), workspaceOffsets.lookup(kernel),
                      plan::BufferType::get(builder.getContext(), tensor));
  }

  void buildDispatch(KernelOp kernel) {
    plan::KernelOp target = kernels.get(kernel);
    SmallVector<Value> inputs =
        llvm::map_to_vector(kernel.getInputs(), [&](Value value) { return getInput(value); });
    SmallVector<Value> results =
        llvm::map_to_vector(kernel.getResults(), [&](Value value) { return getResult(value); });
    Value workspace = buildWorkspace(kernel, target.getWorkspace());
    StringRef part = getPartName(kernel.getLoc());
    plan::DispatchOp::create(builder, kernel.getLoc(), target.getSymName(),
                             part.empty() ? target.getSymName() : part, inputs, results, workspace);
  }
};
} // namespace

namespace {
struct PlanPass : mv::impl::PlanBase<PlanPass> {
  PlanPass() = default;
  explicit PlanPass(PlanOptions options) : options(std::move(options)) {}

  void runOnOperation() override {
    SmallVector<func::FuncOp> functions;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr("mv.entry"))
        functions.push_back(function);
    if (functions.empty())
      return;
    // First all parameters, then all kernels, then the entry points.
    OpBuilder builder(functions.front());
    NamePool names;
    for (func::FuncOp function : functions)
      names.take(function.getName());
    ParameterTable parameters(builder, names);
    KernelTable kernels(builder, names, options);
    forEachKernel(functions, [&](KernelOp kernel) { makeParameters(kernel, parameters); });
    forEachKernel(functions, [&](KernelOp kernel) { kernels.get(kernel); });
    for (func::FuncOp function : functions)
      if (failed(EntryBuilder(function, builder, parameters, kernels).build()))
        return signalPassFailure();
    for (func::FuncOp function : functions)
      function.erase();
  }

private:
  PlanOptions options;

  static void forEachKernel(ArrayRef<func::FuncOp> functions, function_ref<void(KernelOp)> visit) {
    for (func::FuncOp function : functions)
      for (KernelOp kernel : function.getOps<KernelOp>())
        visit(kernel);
  }

  static void makeParameters(KernelOp kernel, ParameterTable &parameters) {
    for (Value input : kernel.getInputs())
      if (isa_and_present<ParameterOpInterface>(input.getDefiningOp()))
        parameters.get(input);
  }
};
} // namespace

std::unique_ptr<Pass> mv::createPlanPass(PlanOptions options) {
  return std::make_unique<PlanPass>(std::move(options));
}
