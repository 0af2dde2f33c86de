//===- IndexBuilder.h - Addresses and loops of kernels --------------*- C++ -*-===//
//
// What the emitters for all devices write addresses and control flow with.
//
//===----------------------------------------------------------------------===//

#ifndef MV_KERNELS_COMMON_INDEXBUILDER_H
#define MV_KERNELS_COMMON_INDEXBUILDER_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mv {

class IndexBuilder : public mlir::ImplicitLocOpBuilder {
public:
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;

  //===--------------------------------------------------------------------===//
  // Index arithmetic: everything is non-negative and fits, and neutral operands vanish
  //===--------------------------------------------------------------------===//

  mlir::Value index(int64_t value);
  mlir::Value plus(mlir::Value a, mlir::Value b);
  mlir::Value plus(mlir::Value a, int64_t b) { return b == 0 ? a : plus(a, index(b)); }
  mlir::Value minus(mlir::Value a, mlir::Value b);
  mlir::Value times(mlir::Value a, int64_t b);
  mlir::Value quotient(mlir::Value a, int64_t b);
  mlir::Value remainder(mlir::Value a, int64_t b);
  mlir::Value smaller(mlir::Value a, mlir::Value b);
  mlir::Value larger(mlir::Value a, mlir::Value b);
  mlir::Value isLess(mlir::Value a, mlir::Value b);
  mlir::Value isEqual(mlir::Value a, mlir::Value b);
  mlir::Value isDifferent(mlir::Value a, mlir::Value b);
  mlir::Value both(mlir::Value a, mlir::Value b);
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b); ///< condition ? a : b

  //===--------------------------------------------------------------------===//
  // Control flow
  //===--------------------------------------------------------------------===//

  void loop(mlir::Value from, mlir::Value to, int64_t step, llvm::function_ref<void(mlir::Value)> emit);
  void loop(int64_t from, int64_t to, int64_t step, llvm::function_ref<void(mlir::Value)> emit) {
    loop(index(from), index(to), step, emit);
  }
  llvm::SmallVector<mlir::Value>
  loop(mlir::Value from, mlir::Value to, int64_t step, mlir::ValueRange initial,
       llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, mlir::ValueRange)> emit);

  /// Runs `emit`'s code if `condition` holds; a null condition always does.
  void when(mlir::Value condition, llvm::function_ref<void()> emit);

protected:
  /// To be called when the builder enters a function: index constants go to the top of `entry`.
  void enterFunction(mlir::Block &entry);

private:
  mlir::Block *entry = nullptr;                   ///< Of the current function.
  llvm::DenseMap<int64_t, mlir::Value> constants; ///< Of `entry`.
};

} // namespace mv

#endif // MV_KERNELS_COMMON_INDEXBUILDER_H
