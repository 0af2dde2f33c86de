//===- PlanDialect.h - The plan dialect -----------------------------*- C++ -*-===//

#ifndef MV_IR_PLANDIALECT_H
#define MV_IR_PLANDIALECT_H

#include "mlir/IR/SymbolTable.h"
#include "mv/IR/MVDialect.h"

#include "mv/IR/PlanDialect.h.inc"

#define GET_TYPEDEF_CLASSES
#include "mv/IR/PlanTypes.h.inc"

#define GET_ATTRDEF_CLASSES
#include "mv/IR/PlanAttributes.h.inc"

#define GET_OP_CLASSES
#include "mv/IR/PlanOps.h.inc"

#endif // MV_IR_PLANDIALECT_H
