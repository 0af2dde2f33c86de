//===- RowPhase.cpp - Kernels that go position by position ----------------------===//

#include "RowPhase.h"

using namespace mlir;
using namespace mv;
using namespace mv::gpu;

int64_t mv::gpu::countRows(Value activation) {
  int64_t rows = 1;
  for (int64_t size : cast<RankedTensorType>(activation.getType()).getShape().drop_front().drop_back())
    rows *= size;
  return rows;
}

Value mv::gpu::offsetOf(KernelBuilder &b, Value activation, Value image, Value row) {
  Placement placement(cast<RankedTensorType>(activation.getType()), b.input(activation).type);
  return placement.locate(b, Position::flat(image, row)).offset;
}

int64_t mv::gpu::channelsAThread(KernelBuilder &b) {
  auto result = cast<RankedTensorType>(b.kernel.getFunctionType().getResult(0));
  return 128 / storedShape(result).element.getIntOrFloatBitWidth();
}

void mv::gpu::emitItems(KernelBuilder &b, Epilogue &epilogue, int64_t threads, int64_t items, int64_t group,
                        llvm::function_ref<void(Value)> emit) {
  b.beginVariant(1);
  b.beginLaunch(threads);
  Value end = b.times(b.batch(), items);
  if (epilogue.hasGaps())
    epilogue.fillGaps(b.quotient(b.plus(end, group - 1), group));
  emit(end);
  b.endLaunch(items, group, 1);
}

void mv::gpu::emitRowPhase(KernelBuilder &b, Epilogue &epilogue, int64_t rows, EmitChannels emit) {
  constexpr int64_t kThreads = 256;
  int64_t count = channelsAThread(b), pieces = ceilDiv(epilogue.storedChannels(), count),
          items = rows * pieces;
  bool isTransposed = isa_and_present<ToNCHWOp>(epilogue.getMovement());
  emitItems(b, epilogue, kThreads, items, kThreads, [&](Value end) {
    Value item = b.plus(b.times(b.block(), kThreads), b.thread());
    b.when(b.isLess(item, end), [&] {
      Value image = b.quotient(item, items), own = b.remainder(item, items);
      Value row = isTransposed ? b.remainder(own, rows) : b.quotient(own, pieces);
      Value channel = b.times(isTransposed ? b.quotient(own, rows) : b.remainder(own, pieces), count);
      epilogue.store(epilogue.locate(Position::flat(image, row)), channel, emit(image, row, channel, count));
    });
  });
}
