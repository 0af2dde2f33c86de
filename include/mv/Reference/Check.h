//===- Check.h - Test-only ops and the interpreter pass -------------*- C++ -*-===//

#ifndef MV_REFERENCE_CHECK_H
#define MV_REFERENCE_CHECK_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Pass/Pass.h"

#include "mv/Reference/CheckDialect.h.inc"

#define GET_OP_CLASSES
#include "mv/Reference/CheckOps.h.inc"

namespace mv::reference {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "mv/Reference/CheckPasses.h.inc"
} // namespace mv::reference

#endif // MV_REFERENCE_CHECK_H
