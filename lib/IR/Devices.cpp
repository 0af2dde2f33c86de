//===- Devices.cpp - Where an entry point's function runs -----------------------===//

#include "mv/IR/Devices.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace mv;

/// The value of a string attribute of the function that `op` is or lies in.
static StringRef getFunctionAttribute(Operation *op, StringRef name, StringRef otherwise) {
  while (op && !isa<FunctionOpInterface>(op))
    op = op->getParentOp();
  auto attribute = op ? op->getAttrOfType<StringAttr>(name) : StringAttr();
  return attribute ? attribute.getValue() : otherwise;
}

StringRef mv::getDevice(Operation *op) { return getFunctionAttribute(op, kDeviceAttribute, "cpu"); }

StringRef mv::getDType(Operation *op) { return getFunctionAttribute(op, kDTypeAttribute, "f32"); }

Type mv::getOperandType(MLIRContext *context, StringRef dtype) {
  return llvm::StringSwitch<Type>(dtype)
      .Case("f16", Float16Type::get(context))
      .Case("bf16", BFloat16Type::get(context))
      .Case("tf32", FloatTF32Type::get(context))
      .Default(Float32Type::get(context));
}

Type mv::getStorageType(Operation *op) {
  Type operand = getOperandType(op->getContext(), getDType(op));
  return isa<FloatTF32Type>(operand) ? Float32Type::get(op->getContext()) : operand;
}
