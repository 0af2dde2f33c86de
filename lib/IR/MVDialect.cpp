//===- MVDialect.cpp - The mv dialect -------------------------------------------===//

#include "mv/IR/MVDialect.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mv;

#include "mv/IR/MVDialect.cpp.inc"
#include "mv/IR/MVEnums.cpp.inc"
#include "mv/IR/MVInterfaces.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "mv/IR/MVAttributes.cpp.inc"

#define GET_OP_CLASSES
#include "mv/IR/MVOps.cpp.inc"

void MVDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "mv/IR/MVAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "mv/IR/MVOps.cpp.inc"
      >();
}

RankedTensorType mv::withoutLayout(RankedTensorType type) {
  return RankedTensorType::get(type.getShape(), type.getElementType());
}

RankedTensorType mv::withLayout(RankedTensorType type, LayoutAttr layout) {
  return RankedTensorType::get(type.getShape(), type.getElementType(), layout);
}

int64_t StoredShape::elements() const {
  int64_t count = 1;
  for (int64_t size : sizes)
    count *= size;
  return count;
}

/// Stored sizes of a packed parameter, outermost first.
static SmallVector<int64_t, 5> packedSizes(ArrayRef<int64_t> shape, PackedAttr packed) {
  int64_t width = packed.getWidth();
  switch (packed.getKind()) {
  case PackingKind::Panels:
    if (shape.size() == 4)
      return {ceilDiv(shape[0], width), shape[2], shape[3], shape[1], width};
    return {ceilDiv(shape[0], width), shape[1], width};
  case PackingKind::Columns:
    return {shape[1], roundUp(shape[0], width)};
  case PackingKind::Vector:
    return {roundUp(shape[0], width)};
  case PackingKind::Rows:
    if (shape.size() == 4)
      return {shape[0], roundUp(shape[2] * shape[3] * roundUp(shape[1], kRowChannels), width)};
    return {shape[0], roundUp(shape[1], width)};
  }
  llvm_unreachable("unknown packing");
}

StoredShape mv::storedShape(RankedTensorType type) {
  StoredShape stored;
  ArrayRef<int64_t> shape = type.getShape();
  bool batched = !shape.empty() && ShapedType::isDynamic(shape.front());
  stored.sizes.assign(shape.begin() + (batched ? 1 : 0), shape.end());
  stored.channels = shape.empty() ? 1 : shape.back();
  stored.element = type.getElementType();
  if (auto packed = dyn_cast_if_present<PackedAttr>(type.getEncoding())) {
    stored.sizes = packedSizes(shape, packed);
    if (packed.getElement())
      stored.element = packed.getElement();
  }
  auto layout = dyn_cast_if_present<LayoutAttr>(type.getEncoding());
  if (!layout)
    return stored;
  if (layout.getElement())
    stored.element = layout.getElement();
  stored.halo = layout.getHalo();
  stored.channels = layout.getChannels();
  stored.sizes.back() = layout.getChannels();
  if (stored.halo > 0) {
    stored.sizes[0] += 2 * stored.halo;
    stored.sizes[1] += 2 * stored.halo;
  }
  return stored;
}
