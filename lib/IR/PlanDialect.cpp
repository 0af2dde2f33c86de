//===- PlanDialect.cpp - The plan dialect ---------------------------------------===//

#include "mv/IR/PlanDialect.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mv;
using namespace mv::plan;

#include "mv/IR/PlanDialect.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "mv/IR/PlanTypes.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "mv/IR/PlanAttributes.cpp.inc"

#define GET_OP_CLASSES
#include "mv/IR/PlanOps.cpp.inc"

void PlanDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "mv/IR/PlanTypes.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "mv/IR/PlanAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "mv/IR/PlanOps.cpp.inc"
      >();
}

int64_t BufferType::getByteSize() const { return storedShape(getTensor()).bytes(); }

//===----------------------------------------------------------------------===//
// Verifiers
//===----------------------------------------------------------------------===//

/// The types of a kernel's border with their layouts removed.
static SmallVector<Type> plainTypes(TypeRange types) {
  return llvm::map_to_vector(types,
                             [](Type type) -> Type { return withoutLayout(cast<RankedTensorType>(type)); });
}

LogicalResult plan::KernelOp::verify() {
  auto type = dyn_cast<FunctionType>(getType());
  if (!type)
    return emitOpError("type must be a function type");
  if (getBody().getArgumentTypes() != TypeRange(plainTypes(type.getInputs())))
    return emitOpError("(C1) block arguments are not the inputs without layout");
  if (getBody().front().getTerminator()->getOperandTypes() != TypeRange(plainTypes(type.getResults())))
    return emitOpError("(C1) yielded values are not the results without layout");
  return success();
}

LogicalResult plan::SliceOp::verify() {
  auto entry = cast<EntryOp>((*this)->getParentOp());
  int64_t offset = getOffset(), bytes = getBytes();
  if (offset % 64 != 0 || bytes % 64 != 0)
    return emitOpError("(C1) offset ") << offset << " and bytes " << bytes << " must be multiples of 64";
  if (offset < 0 || offset + bytes > int64_t(entry.getArena()))
    return emitOpError("(C1) [") << offset << ", " << offset + bytes << ") exceeds the arena of "
                                 << entry.getArena() << " bytes";
  if (bytes < getType().getByteSize())
    return emitOpError("(C2) ") << bytes << " bytes do not hold " << getType() << ", which needs "
                                << getType().getByteSize();
  return success();
}

LogicalResult ConstantOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto parameter = symbols.lookupNearestSymbolFrom<ParameterOp>(*this, getParameterAttr());
  if (!parameter)
    return emitOpError("no plan.parameter @") << getParameter();
  if (parameter.getType() != getType().getTensor())
    return emitOpError("@") << getParameter() << " is " << parameter.getType() << ", used as "
                            << getType().getTensor();
  return success();
}

static bool holdTypes(OperandRange buffers, TypeRange tensors) {
  return llvm::equal(buffers.getTypes(), tensors,
                     [](Type buffer, Type tensor) { return cast<BufferType>(buffer).getTensor() == tensor; });
}

LogicalResult DispatchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto kernel = symbols.lookupNearestSymbolFrom<plan::KernelOp>(*this, getKernelAttr());
  if (!kernel)
    return emitOpError("no plan.kernel @") << getKernel();
  FunctionType type = kernel.getFunctionType();
  if (!holdTypes(getInputs(), type.getInputs()) || !holdTypes(getResults(), type.getResults()))
    return emitOpError("(C1) the buffers do not have the types of @") << getKernel() << ", " << type;
  if ((kernel.getWorkspace() > 0) != bool(getWorkspace()))
    return emitOpError("(C1) @") << getKernel() << " needs a workspace of " << kernel.getWorkspace()
                                 << " bytes an image";
  return success();
}
