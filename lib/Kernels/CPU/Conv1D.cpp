//===- Conv1D.cpp - Depthwise convolution along the tokens ----------------------===//
//
// One token at a time: three neighbours by three rows of weights, packed as [3][channels]. At a window's
// first and last token the missing neighbour is read from the token itself and replaced by zeros, so that
// there is one code path.
//
//===----------------------------------------------------------------------===//

#include "Families.h"
#include "RowPhase.h"
#include "TokenConv.h"

using namespace mlir;
using namespace mv;
using namespace mv::cpu;

LogicalResult mv::cpu::emitConv1D(KernelBuilder &b) {
  auto op = *b.body.getOps<Conv1DOp>().begin();
  int64_t tokens = op.getInput().getType().getDimSize(2);
  Epilogue epilogue(b, op.getResult());
  emitRowPhase(b, epilogue, countRows(op.getInput()), 4 * op.getInput().getType().getDimSize(3),
               [&](Value image, Value row) {
                 TokenConv conv(b, op, image, b.quotient(row, tokens), b.remainder(row, tokens));
                 emitRow(b, epilogue, image, row, [&](Value channel) { return conv.emit(channel); });
               });
  return success();
}
