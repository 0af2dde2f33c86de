//===- BuildModel.h - The model as IR -------------------------------*- C++ -*-===//

#ifndef MV_IMPORT_BUILDMODEL_H
#define MV_IMPORT_BUILDMODEL_H

#include "mv/Import/EntryPoints.h"
#include "mv/Import/ModelSpec.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace mv {

/// On a function: it is an entry point.
inline constexpr llvm::StringLiteral kEntryAttribute = "mv.entry";
/// On a result of an entry point: the output's name, "logits", "pooled", "stage0" ... "stage3".
inline constexpr llvm::StringLiteral kOutputAttribute = "mv.name";

/// One function for each resolution, in model ops of the mv dialect:
///
///     func.func @forward_224x224(%arg0: tensor<?x3x224x224xf32>)
///         -> (tensor<?x1000xf32> {mv.name = "logits"}, tensor<?x640xf32> {mv.name = "pooled"}) { ... }
///
/// Where the input is u8, it is a tensor<?x224x224x3xui8>, and its mv.normalize stands in front of the stem.
/// The outputs come in the order logits, pooled, stage0 ... stage3. Parameters are named, not held. Locations
/// are the paths of the model's parts, "levels.2.blocks.3". Errors: those of selectResolutions() and
/// selectOutputs().
StatusOr<mlir::OwningOpRef<mlir::ModuleOp>> buildModel(mlir::MLIRContext &context, const ModelSpec &spec,
                                                       llvm::ArrayRef<Resolution> resolutions = {},
                                                       llvm::ArrayRef<std::string> outputs = {},
                                                       InputType input = InputType::F32);

} // namespace mv

#endif // MV_IMPORT_BUILDMODEL_H
