//===- ModelBuilder.h - One entry point, part by part ---------------*- C++ -*-===//

#ifndef MV_LIB_IMPORT_MODELBUILDER_H
#define MV_LIB_IMPORT_MODELBUILDER_H

#include "mv/IR/MVDialect.h"
#include "mv/Import/EntryPoints.h"
#include "mv/Import/ModelSpec.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mv {

/// Appends the model's parts to a function, in the order of the data. Each member builds one part and returns
/// its result; paths are those of the checkpoint's parameters.
class ModelBuilder {
public:
  ModelBuilder(mlir::OpBuilder &builder, const ModelSpec &spec) : builder_(builder), spec_(spec) {}

  /// A function @forward_HxW in the current module.
  mlir::func::FuncOp buildEntryPoint(Resolution resolution, const OutputSelection &outputs, InputType input);

private:
  // BuildMaps.cpp: parts on maps [batch, height, width, channels].
  mlir::Value normalize(mlir::Value picture);
  mlir::Value stem(mlir::Value image);
  mlir::Value convBlock(mlir::Value map, const std::string &path);
  mlir::Value downsample(mlir::Value map, const std::string &path);
  mlir::Value stageOutput(mlir::Value map, int level);
  HeadOp head(mlir::Value map);

  // BuildTokens.cpp: parts on tokens [batch, windows, tokens, channels].
  mlir::Value windowLevel(mlir::Value map, int level);
  mlir::Value mixerBlock(mlir::Value tokens, const std::string &path);
  mlir::Value attentionBlock(mlir::Value tokens, const std::string &path, int level);
  mlir::Value mlpBlock(mlir::Value tokens, const std::string &path, int level);

  mlir::Value level(mlir::Value map, int level);

  mlir::RankedTensorType activation(llvm::ArrayRef<int64_t> sizes);
  mlir::Location at(const std::string &path);

  mlir::OpBuilder &builder_;
  const ModelSpec &spec_;
};

/// "levels.2.blocks.0"
inline std::string blockPath(int level, int64_t block) {
  return "levels." + std::to_string(level) + ".blocks." + std::to_string(block);
}

} // namespace mv

#endif // MV_LIB_IMPORT_MODELBUILDER_H
