//===- ResumedTargets.cpp - Which targets printed IR still leaves open ----------===//

#include "ResumedTargets.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mv/IR/Devices.h"
#include "mv/IR/PlanDialect.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mv;

namespace {
/// What IR was made for.
struct MadeFor {
  llvm::SetVector<StringRef> devices, dtypes; ///< The types are those on cuda.
  llvm::SetVector<StringRef> targets;         ///< From the kernels stage on.

  explicit MadeFor(ModuleOp module) {
    for (auto function : module.getOps<func::FuncOp>())
      if (function->hasAttr("mv.entry"))
        add(mv::getDevice(function), mv::getDType(function));
    for (auto entry : module.getOps<plan::EntryOp>())
      add(entry.getDevice().value_or("cpu"), entry.getDtype().value_or("f32"));
    module->walk([&](Operation *op) {
      if (auto target = op->getAttrOfType<StringAttr>(kTargetAttribute))
        targets.insert(target.getValue());
    });
  }

  void add(StringRef device, StringRef dtype) {
    devices.insert(device);
    if (device == "cuda")
      dtypes.insert(dtype);
  }
};
} // namespace

static Status unfit(const CompileOptions &options, const Twine &option, StringRef asked,
                    const llvm::SetVector<StringRef> &has) {
  return Status::invalidInput(options.source + ": the IR was made for " + llvm::join(has, ", ") + ", but " +
                              option.str() + " asks for " + asked.str() +
                              "; begin again from the checkpoint or from IR of the import stage");
}

Status mv::fitTargets(ModuleOp module, Stage reached, CompileOptions &options) {
  MadeFor made(module);
  if (reached < Stage::Fusion || made.devices.empty())
    return {};
  PipelineOptions &pipeline = options.pipeline;
  if (options.dtypeIsDefault && made.dtypes.size() == 1)
    pipeline.dtype = made.dtypes.front().str();
  if (!made.dtypes.empty() && !made.dtypes.contains(pipeline.dtype))
    return unfit(options, "--dtype", pipeline.dtype, made.dtypes);
  if (options.targetsAreDefault) {
    pipeline.devices.assign(made.devices.begin(), made.devices.end());
    if (!made.devices.contains("cuda"))
      pipeline.gpuTargets.clear();
    return {};
  }
  for (const std::string &device : pipeline.devices)
    if (!made.devices.contains(device))
      return unfit(options, "--target", device, made.devices);
  for (StringRef device : made.devices)
    if (!llvm::is_contained(pipeline.devices, device))
      return Status::invalidInput(options.source + ": the IR has a program for " + device.str() +
                                  ", for which --target names nothing");
  if (reached < Stage::Kernels)
    return {};
  for (const std::string &target : llvm::concat<const std::string>(pipeline.cpuTargets, pipeline.gpuTargets))
    if (!made.targets.contains(target))
      return unfit(options, "--target", target, made.targets);
  return {};
}
