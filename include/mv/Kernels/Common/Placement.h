//===- Placement.h - Where positions lie in memory ------------------*- C++ -*-===//

#ifndef MV_KERNELS_COMMON_PLACEMENT_H
#define MV_KERNELS_COMMON_PLACEMENT_H

#include "mv/IR/MVDialect.h"
#include "mv/Kernels/Common/IndexBuilder.h"

namespace mv {

/// A position of an activation [B, Y, X, C] (a map's pixel, a window's token), or of a matrix [B, C] (`row`
/// 0).
struct Position {
  mlir::Value image;
  mlir::Value row;  ///< y * X + x, or null
  mlir::Value y, x; ///< or null: then `row` is there

  static Position flat(mlir::Value image, mlir::Value row) { return {image, row, nullptr, nullptr}; }
  static Position at(mlir::Value image, mlir::Value y, mlir::Value x) { return {image, nullptr, y, x}; }
};

/// Positions of an image of `activation`.
int64_t countRows(mlir::Value activation);

/// Where an activation's positions lie in memory: its layout, behind a data movement or none.
class Placement {
public:
  struct Address {
    mlir::Value offset; ///< Of channel 0.
    mlir::Value exists; ///< i1; null: always. Window padding does not exist in a map.
  };

  /// `logical`: the type positions are given in; `stored`: the buffer's, after `movement` (window_partition,
  /// window_reverse, to_nchw, or null).
  Placement(mlir::RankedTensorType logical, mlir::RankedTensorType stored,
            mlir::Operation *movement = nullptr);

  Address locate(IndexBuilder &b, const Position &position) const;

  /// Whether each channel has a plane of its own, as behind to_nchw: then channels are not neighbours.
  bool isInPlanes() const { return mlir::isa_and_present<ToNCHWOp>(movement); }
  /// Distance between neighbouring channels: 1 unless in planes.
  int64_t channelStep() const;

  /// Whether memory has room that no position maps to, which must hold zeros: a halo, window padding.
  bool hasGaps() const { return gapCount() > 0; }
  /// Calls `fill` for runs of elements that make up the gaps of an image.
  void forEachGap(IndexBuilder &b, mlir::Value image,
                  llvm::function_ref<void(mlir::Value offset, int64_t elements)> fill) const;
  /// The same position by position: how many there are in an image, and where channel 0 of one lies.
  int64_t gapCount() const;
  mlir::Value gapOffset(IndexBuilder &b, mlir::Value image, mlir::Value index) const;
  /// Elements between neighbouring positions.
  int64_t positionStep() const { return stored.channels; }

private:
  mlir::Value mapOffset(IndexBuilder &b, mlir::Value image, mlir::Value y, mlir::Value x) const;
  mlir::Value rowOf(IndexBuilder &b, const Position &position) const;
  std::pair<mlir::Value, mlir::Value> coordinatesOf(IndexBuilder &b, const Position &position) const;

  mlir::RankedTensorType logical;
  mlir::RankedTensorType type; ///< As stored.
  StoredShape stored;
  mlir::Operation *movement;
};

} // namespace mv

#endif // MV_KERNELS_COMMON_PLACEMENT_H
