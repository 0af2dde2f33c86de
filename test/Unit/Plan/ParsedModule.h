//===- ParsedModule.h - IR for unit tests ---------------------------*- C++ -*-===//

#ifndef MV_TEST_UNIT_PLAN_PARSEDMODULE_H
#define MV_TEST_UNIT_PLAN_PARSEDMODULE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "mv/IR/PlanDialect.h"

/// A module parsed from text, in a context of its own.
struct ParsedModule {
  explicit ParsedModule(llvm::StringRef text) {
    context.loadDialect<mv::MVDialect, mv::plan::PlanDialect, mlir::func::FuncDialect>();
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  }

  mlir::func::FuncOp getFunction() { return *module->getOps<mlir::func::FuncOp>().begin(); }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

#endif // MV_TEST_UNIT_PLAN_PARSEDMODULE_H
