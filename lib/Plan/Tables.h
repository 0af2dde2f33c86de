//===- Tables.h - Each distinct parameter and kernel once -----------*- C++ -*-===//

#ifndef MV_LIB_PLAN_TABLES_H
#define MV_LIB_PLAN_TABLES_H

#include "mv/IR/PlanDialect.h"
#include "mv/Plan/Passes.h"

#include "llvm/ADT/StringSet.h"

#include <map>
#include <vector>

namespace mv {

/// Names that are not taken yet: name, name_1, name_2, ...
class NamePool {
public:
  std::string take(llvm::StringRef name);

private:
  llvm::StringSet<> taken;
};

/// Makes a plan.parameter of every distinct expression on parameters.
///
/// Expressions are numbered by structure: an op's number stands for its name, attributes, type and the
/// numbers of its operands. Two functions that fold the same batch norm get the same number, and the bytes
/// are in the package once.
class ParameterTable {
public:
  ParameterTable(mlir::OpBuilder &builder, NamePool &names) : builder(builder), names(names) {}

  /// The plan.parameter of `value`, built at the builder's insertion point when it is new.
  plan::ParameterOp get(mlir::Value value);

private:
  using Number = uintptr_t;

  mlir::OpBuilder &builder;
  NamePool &names;
  std::map<std::vector<uintptr_t>, Number> numbers;
  llvm::DenseMap<mlir::Value, Number> numberOfValue;
  llvm::DenseMap<Number, plan::ParameterOp> parameters;

  Number getNumber(mlir::Value value);
  mlir::Value clone(mlir::Value value, llvm::DenseMap<Number, mlir::Value> &cloned);
};

/// Makes a plan.kernel of every distinct mv.kernel: bodies, stored types, device and dtype alike, locations aside.
class KernelTable {
public:
  KernelTable(mlir::OpBuilder &builder, NamePool &names, const PlanOptions &options)
      : builder(builder), names(names), options(options) {}

  /// The plan.kernel of `kernel`, built at the builder's insertion point when it is new.
  plan::KernelOp get(KernelOp kernel);

private:
  mlir::OpBuilder &builder;
  NamePool &names;
  const PlanOptions &options;
  /// By type, pairs of an original (which stays until all functions are converted) and its kernel.
  llvm::DenseMap<mlir::Type, llvm::SmallVector<std::pair<KernelOp, plan::KernelOp>, 1>> kernels;

  plan::KernelOp create(KernelOp kernel, mlir::FunctionType type);
};

} // namespace mv

#endif // MV_LIB_PLAN_TABLES_H
