//===- Register.h - The dialects and passes of this project ---------*- C++ -*-===//

#ifndef MV_PIPELINE_REGISTER_H
#define MV_PIPELINE_REGISTER_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace mv {

/// Every dialect that the IR of any stage uses.
void registerAllDialects(mlir::DialectRegistry &registry);

/// The check dialect; for mv-opt alone.
void registerTestDialects(mlir::DialectRegistry &registry);

/// The translations to LLVM IR of the dialects that lowered kernels are in.
void registerAllTranslations(mlir::DialectRegistry &registry);

/// Every pass of this project and the upstream ones it is used with.
void registerAllPasses();

} // namespace mv

#endif // MV_PIPELINE_REGISTER_H
