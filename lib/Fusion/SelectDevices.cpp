//===- SelectDevices.cpp - A function for every kind of device ------------------===//
//
//     func.func @forward_64x64(...) attributes {mv.entry}
//
// becomes, with devices=cpu,cuda and dtype=f16,
//
//     func.func @forward_64x64(...) attributes {mv.entry}
//     func.func @forward_64x64_cuda(...) attributes {mv.device = "cuda", mv.dtype = "f16", mv.entry,
//                                                    mv.name = "forward_64x64"}
//
// All later passes work on one function and see there what they need to know of its device.
//
//===----------------------------------------------------------------------===//

#include "mv/Fusion/Passes.h"
#include "mv/IR/Devices.h"

#include "mlir/IR/SymbolTable.h"

namespace mv {
#define GEN_PASS_DEF_SELECTDEVICES
#include "mv/Fusion/Passes.h.inc"
} // namespace mv

using namespace mlir;
using namespace mv;

static void setDevice(func::FuncOp function, StringRef dtype, StringAttr name) {
  Builder builder(function.getContext());
  function->setAttr(kDeviceAttribute, builder.getStringAttr("cuda"));
  function->setAttr(kDTypeAttribute, builder.getStringAttr(dtype));
  function->setAttr(kNameAttribute, name);
}

namespace {
struct SelectDevicesPass : mv::impl::SelectDevicesBase<SelectDevicesPass> {
  using SelectDevicesBase::SelectDevicesBase;

  void runOnOperation() override {
    bool forCPU = devices.empty(), forCUDA = false;
    for (const std::string &device : devices) {
      if (device != "cpu" && device != "cuda")
        return fail("unknown device '" + device + "', expected cpu or cuda");
      (device == "cpu" ? forCPU : forCUDA) = true;
    }
    if (!forCUDA)
      return markAllAnalysesPreserved();
    if (!llvm::is_contained(kDTypes, StringRef(dtype)))
      return fail("unknown dtype '" + dtype.getValue() + "', expected f16, bf16, tf32 or f32");
    SymbolTable symbols(getOperation());
    for (auto function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (function->hasAttr("mv.entry") && !function->hasAttr(kDeviceAttribute))
        selectCUDA(function, forCPU, symbols);
  }

private:
  void fail(const llvm::Twine &what) {
    getOperation().emitError(what);
    signalPassFailure();
  }

  void selectCUDA(func::FuncOp function, bool keepForCPU, SymbolTable &symbols) {
    StringAttr name = function.getSymNameAttr();
    if (keepForCPU) {
      auto next = std::next(Block::iterator(function));
      function = function.clone();
      function.setName((name.getValue() + "_cuda").str());
      symbols.insert(function, next);
    }
    setDevice(function, dtype, name);
  }
};
} // namespace
