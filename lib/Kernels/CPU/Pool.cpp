//===- Pool.cpp - Mean over a map's positions -----------------------------------===//
//
// A workgroup takes some channels of one image. Lines are added up first, then their sums: shorter sums round
// less, and the order is the same for every batch.
//
//===----------------------------------------------------------------------===//

#include "Families.h"
#include "mv/Kernels/CPU/Epilogue.h"

using namespace mlir;
using namespace mv;
using namespace mv::cpu;

/// Channels of a workgroup: whole cache lines of the result.
static constexpr int64_t kPoolChannels = 64;

static void emitPoolOf(KernelBuilder &b, PoolOp op) {
  b.beginPhase();
  Buffer input = b.input(op.getInput());
  RankedTensorType map = op.getInput().getType();
  int64_t height = map.getDimSize(1), width = map.getDimSize(2),
          parts = ceilDiv(map.getDimSize(3), kPoolChannels);
  Placement source(map, input.type);
  Epilogue epilogue(b, op.getResult());
  auto sumLine = [&](Value image, Value y, Value channel) {
    return b.loop(b.index(0), b.index(width), 1, b.splat(0.0), [&](Value x, ValueRange sum) {
      Value offset = source.locate(b, Position::at(image, y, x)).offset;
      return SmallVector<Value>{b.add(sum[0], b.loadVector(input, offset, channel))};
    })[0];
  };
  b.forEachWorkgroup([&](Value workgroup) {
    Value image = b.quotient(workgroup, parts), first = b.times(b.remainder(workgroup, parts), kPoolChannels);
    Row row = epilogue.locate(Position::flat(image, b.index(0)));
    Value last = b.smaller(b.plus(first, kPoolChannels), b.index(epilogue.storedChannels()));
    b.loop(first, last, b.target.lanes, [&](Value channel) {
      Value sum = b.loop(b.index(0), b.index(height), 1, b.splat(0.0), [&](Value y, ValueRange total) {
        return SmallVector<Value>{b.add(total[0], sumLine(image, y, channel))};
      })[0];
      epilogue.store(row, channel, b.div(sum, b.splat(double(height * width))));
    });
  });
  b.endPhase(1, 1, parts);
}

LogicalResult mv::cpu::emitPool(KernelBuilder &b) {
  emitPoolOf(b, *b.body.getOps<PoolOp>().begin());
  return success();
}
