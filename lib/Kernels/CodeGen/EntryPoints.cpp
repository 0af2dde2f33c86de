//===- EntryPoints.cpp - The package's calling convention -----------------------===//
//
//   llvm.func @k(%a: !llvm.ptr, %b: !llvm.ptr, %batch: i64, %begin: i64, %end: i64, %scratch: !llvm.ptr)
// becomes
//   llvm.func internal @k.body(... noalias, align 64 ...)
//   llvm.func @k(%buffers: !llvm.ptr, %batch: i64, %begin: i64, %end: i64, %scratch: !llvm.ptr)
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mv/Kernels/CodeGen/Passes.h"

using namespace mlir;

namespace mv {
#define GEN_PASS_DEF_CPUENTRYPOINTSPASS
#include "mv/Kernels/CodeGen/Passes.h.inc"
} // namespace mv

/// batch, begin, end and scratch follow the buffers.
static constexpr unsigned kTrailingArguments = 4;

static bool isPhaseFunction(LLVM::LLVMFuncOp function) {
  unsigned count = function.getNumArguments();
  if (function.isExternal() || function.getLinkage() != LLVM::Linkage::External || count < kTrailingArguments)
    return false;
  return isa<LLVM::LLVMPointerType>(function.getArgument(count - 1).getType()) &&
         isa<IntegerType>(function.getArgument(count - 2).getType());
}

/// Makes `body` internal under another name and tells LLVM what is known of its pointers.
static void makeBody(LLVM::LLVMFuncOp body, OpBuilder &builder) {
  body.setSymName((body.getSymName() + ".body").str());
  body.setLinkage(LLVM::Linkage::Internal);
  body.setPassthroughAttr(builder.getArrayAttr(builder.getStringAttr("alwaysinline")));
  for (BlockArgument argument : body.getArguments()) {
    if (!isa<LLVM::LLVMPointerType>(argument.getType()))
      continue;
    body.setArgAttr(argument.getArgNumber(), LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr());
    body.setArgAttr(argument.getArgNumber(), LLVM::LLVMDialect::getAlignAttrName(),
                    builder.getI64IntegerAttr(64));
  }
}

static void addEntryPoint(LLVM::LLVMFuncOp body) {
  OpBuilder builder(body);
  Location loc = body.getLoc();
  std::string name = body.getSymName().str();
  makeBody(body, builder);

  Type pointer = LLVM::LLVMPointerType::get(body.getContext()), integer = builder.getI64Type();
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(body.getContext()),
                                          {pointer, integer, integer, integer, pointer});
  auto entry = LLVM::LLVMFuncOp::create(builder, loc, name, type);
  builder.setInsertionPointToStart(entry.addEntryBlock(builder));
  SmallVector<Value> arguments;
  for (unsigned index = 0; index + kTrailingArguments < body.getNumArguments(); ++index) {
    Value address = LLVM::GEPOp::create(builder, loc, pointer, pointer, entry.getArgument(0),
                                        ArrayRef<LLVM::GEPArg>{int32_t(index)});
    arguments.push_back(LLVM::LoadOp::create(builder, loc, pointer, address));
  }
  llvm::append_range(arguments, entry.getArguments().drop_front());
  LLVM::CallOp::create(builder, loc, body, arguments);
  LLVM::ReturnOp::create(builder, loc, ValueRange());
}

namespace {
struct CPUEntryPointsPass : mv::impl::CPUEntryPointsPassBase<CPUEntryPointsPass> {
  void runOnOperation() override {
    SmallVector<LLVM::LLVMFuncOp> phases;
    for (auto function : getOperation().getOps<LLVM::LLVMFuncOp>())
      if (isPhaseFunction(function))
        phases.push_back(function);
    for (LLVM::LLVMFuncOp function : phases)
      addEntryPoint(function);
  }
};
} // namespace
