//===- TokenConv.cpp - mv.conv1d at one token -----------------------------------===//

#include "TokenConv.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mv;
using namespace mv::cpu;

TokenConv::TokenConv(KernelBuilder &b, Conv1DOp op, Value image, Value window, Value token)
    : b(b), input(b.input(op.getInput())), weight(b.input(op.getWeight())) {
  if (op.getBias())
    bias = b.input(op.getBias());
  int64_t windows = input.type.getDimSize(1), tokens = input.type.getDimSize(2), step = input.stored.channels;
  Value first = b.times(b.plus(b.times(image, windows), window), tokens);
  Value isFirst = b.isEqual(token, b.index(0)), isLast = b.isEqual(token, b.index(tokens - 1));
  auto neighbour = [&](int index, Value atEnd, Value elsewhere) {
    Value at = arith::SelectOp::create(b, atEnd, token, elsewhere);
    offsets[index] = b.times(b.plus(first, at), step);
    missing[index] = atEnd;
  };
  neighbour(0, isFirst, b.minus(token, b.index(1)));
  offsets[1] = b.times(b.plus(first, token), step);
  neighbour(2, isLast, b.plus(token, 1));
}

Value TokenConv::emit(Value channel) {
  int64_t length = storedShape(weight.type).sizes.back();
  Value sum = bias ? b.loadVector(*bias, b.index(0), channel) : b.splat(0.0);
  for (int tap = 0; tap < 3; ++tap) {
    Value neighbour = b.loadVector(input, offsets[tap], channel);
    if (missing[tap])
      neighbour = arith::SelectOp::create(b, missing[tap], b.splat(0.0), neighbour);
    sum = b.fma(neighbour, b.loadVector(weight, b.index(tap * length), channel), sum);
  }
  return sum;
}
