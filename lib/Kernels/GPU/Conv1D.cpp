//===- Conv1D.cpp - Depthwise convolution along the tokens ----------------------===//
//
// A thread computes eight channels of a token: three neighbours by three rows of weights, packed as [3][channels]. At
// a window's first and last token the missing neighbour is read from the token itself and replaced by zeros.
//
//===----------------------------------------------------------------------===//

#include "ChannelGroups.h"
#include "Families.h"

using namespace mlir;
using namespace mv;
using namespace mv::gpu;

LogicalResult mv::gpu::emitConv1D(KernelBuilder &b) {
  auto op = *b.body.getOps<Conv1DOp>().begin();
  int64_t tokens = op.getInput().getType().getDimSize(2);
  emitChannelGroups(b, op.getResult(), countRows(op.getInput()), [&](Value image, Value row, Value channel) {
    Buffer input = b.input(op.getInput()), weight = b.input(op.getWeight());
    Value token = b.remainder(row, tokens);
    Values sums = op.getBias() ? loadChannels(b, b.input(op.getBias()), b.index(0), channel, groupChannels(b))
                               : Values(groupChannels(b), b.constant(0));
    for (int64_t tap = 0; tap < 3; ++tap) {
      Value exists = tap == 0   ? b.isDifferent(token, b.index(0))
                     : tap == 2 ? b.isDifferent(token, b.index(tokens - 1))
                                : Value();
      Value neighbour = b.minus(b.plus(row, tap), b.index(1));
      if (exists)
        neighbour = b.select(exists, neighbour, row);
      Value base = rowOffset(b, op.getInput(), image, neighbour);
      Values elements = loadChannels(b, input, base, channel, groupChannels(b));
      Values weights =
          loadChannels(b, weight, b.index(tap * weight.stored.sizes.back()), channel, groupChannels(b));
      for (auto [sum, element, factor] : llvm::zip(sums, elements, weights))
        sum = b.fma(exists ? b.select(exists, element, b.constant(0)) : element, factor, sum);
    }
    return sums;
  });
  return success();
}
