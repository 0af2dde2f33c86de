//===- DecompositionBuilder.h - Layers of the model as primitive ops -*- C++ -*-===//
//
// What the decompositions of the coarse ops share: parameters by name, located ops, the usual layers.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_FUSION_DECOMPOSITIONBUILDER_H
#define MV_LIB_FUSION_DECOMPOSITIONBUILDER_H

#include "mv/IR/MVDialect.h"

namespace mv {

/// Builds the primitive ops of one coarse op. Names of parts and parameters are relative to the op's path.
class DecompositionBuilder {
public:
  DecompositionBuilder(mlir::OpBuilder &builder, ModelOpInterface op)
      : builder(builder), origin(op->getLoc()), path(op.getPath()),
        element(mlir::cast<mlir::RankedTensorType>(op->getOperand(0).getType()).getElementType()) {}

  mlir::OpBuilder &getBuilder() { return builder; }
  /// The location of a part of the model.
  mlir::Location at(llvm::StringRef part) const;
  /// `like` with another number of channels.
  mlir::RankedTensorType withChannels(mlir::Value like, int64_t channels) const;

  mlir::Value parameter(llvm::StringRef name, llvm::ArrayRef<int64_t> shape);
  mlir::Value zero(llvm::ArrayRef<int64_t> shape);

  /// 3x3 convolution with parameters `part`.weight and, where asked for, `part`.bias.
  mlir::Value conv2D(llvm::StringRef part, mlir::Value input, int64_t channels, int64_t stride, bool hasBias);
  mlir::Value linear(llvm::StringRef part, mlir::Value input, int64_t channels, bool hasBias);
  mlir::Value batchNorm(llvm::StringRef part, mlir::Value input, double eps);
  mlir::Value layerNorm(llvm::StringRef part, mlir::Value input);
  mlir::Value slice(llvm::StringRef part, mlir::Value input, int64_t offset, int64_t channels);
  /// residual + gamma * branch, without gamma where `gamma` is empty.
  mlir::Value residual(llvm::StringRef part, mlir::Value branch, llvm::StringRef gamma, mlir::Value residual);

private:
  mlir::OpBuilder &builder;
  mlir::Location origin;
  llvm::StringRef path;
  mlir::Type element;

  std::string qualified(llvm::StringRef name) const;
};

/// The primitive ops of a coarse op, built before it; one value for each result (null where nobody reads it).
llvm::SmallVector<mlir::Value> decompose(mlir::OpBuilder &builder, StemOp op);
llvm::SmallVector<mlir::Value> decompose(mlir::OpBuilder &builder, ConvBlockOp op);
llvm::SmallVector<mlir::Value> decompose(mlir::OpBuilder &builder, DownsampleOp op);
llvm::SmallVector<mlir::Value> decompose(mlir::OpBuilder &builder, HeadOp op);
llvm::SmallVector<mlir::Value> decompose(mlir::OpBuilder &builder, MixerBlockOp op);
llvm::SmallVector<mlir::Value> decompose(mlir::OpBuilder &builder, AttentionBlockOp op);
llvm::SmallVector<mlir::Value> decompose(mlir::OpBuilder &builder, MlpBlockOp op);

} // namespace mv

#endif // MV_LIB_FUSION_DECOMPOSITIONBUILDER_H
