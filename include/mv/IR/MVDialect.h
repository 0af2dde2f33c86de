//===- MVDialect.h - The mv dialect ---------------------------------*- C++ -*-===//

#ifndef MV_IR_MVDIALECT_H
#define MV_IR_MVDIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "mv/IR/MVDialect.h.inc"
#include "mv/IR/MVEnums.h.inc"
#include "mv/IR/MVInterfaces.h.inc"

#define GET_ATTRDEF_CLASSES
#include "mv/IR/MVAttributes.h.inc"

#define GET_OP_CLASSES
#include "mv/IR/MVOps.h.inc"

namespace mv {

/// State size of the selective scan, per channel (arXiv 2407.08083).
inline constexpr int64_t kScanStates = 8;

/// The unit in which kernels for GPUs read channels: activations they exchange and weights in `rows` packing
/// are padded to it, so that 16 bytes of f16 never straddle two pixels.
inline constexpr int64_t kRowChannels = 8;

/// ceil(a / b) for positive b.
constexpr int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }
constexpr int64_t roundUp(int64_t a, int64_t b) { return ceilDiv(a, b) * b; }

/// Rank of the step-size projection of a mixer on `channels` channels.
constexpr int64_t stepRank(int64_t channels) { return ceilDiv(channels, 16); }

/// `type` without its encoding: neither layout nor packing.
mlir::RankedTensorType withoutLayout(mlir::RankedTensorType type);

/// `type` with another layout (null: dense).
mlir::RankedTensorType withLayout(mlir::RankedTensorType type, LayoutAttr layout);

/// How a tensor is stored: its layout or packing, with the defaults of a dense tensor filled in.
struct StoredShape {
  int64_t halo = 0;
  int64_t channels = 0; ///< Distance between neighbouring positions, in elements.
  llvm::SmallVector<int64_t, 5>
      sizes;          ///< Stored sizes, halo and padding included; of one image for activations.
  mlir::Type element; ///< Of the numbers in memory.

  /// Elements of one image.
  int64_t elements() const;
  int64_t bytes() const { return elements() * element.getIntOrFloatBitWidth() / 8; }
};

/// The stored shape of an activation (leading dimension dynamic: the batch) or of a parameter (all of it).
StoredShape storedShape(mlir::RankedTensorType type);

} // namespace mv

#endif // MV_IR_MVDIALECT_H
