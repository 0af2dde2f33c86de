//===- LayerNorm.cpp - Layer norm as a kernel of its own ------------------------===//
//
// One row at a time: two passes for the statistics, one to normalise. In front of a product the norm is part
// of the product's kernel (Linear.cpp).
//
//===----------------------------------------------------------------------===//

#include "Families.h"
#include "RowNorm.h"
#include "RowPhase.h"

using namespace mlir;
using namespace mv;
using namespace mv::cpu;

LogicalResult mv::cpu::emitLayerNorm(KernelBuilder &b) {
  auto op = *b.body.getOps<LayerNormOp>().begin();
  RankedTensorType type = op.getInput().getType();
  Epilogue epilogue(b, op.getResult());
  emitRowPhase(
      b, epilogue, countRows(op.getInput()), 4 * type.getShape().back(), [&](Value image, Value row) {
        Buffer input = b.input(op.getInput()), weight = b.input(op.getWeight()), bias = b.input(op.getBias());
        Value offset = Placement(type, input.type).locate(b, Position::flat(image, row)).offset;
        RowStatistics statistics = emitRowStatistics(b, input, offset, op.getEps().convertToDouble());
        emitRow(b, epilogue, image, row, [&](Value channel) {
          return emitNormalised(b, statistics, input, offset, weight, bias, channel);
        });
      });
  return success();
}
