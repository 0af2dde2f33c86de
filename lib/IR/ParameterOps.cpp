//===- ParameterOps.cpp - Verifiers and folders of parameter expressions --------===//

#include "mv/IR/MVDialect.h"

using namespace mlir;
using namespace mv;

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

LogicalResult ParamBinaryOp::verify() {
  if (getRhs().getType() == getLhs().getType())
    return success();
  ArrayRef<int64_t> lhs = shapeOf(getLhs()), rhs = shapeOf(getRhs());
  int64_t axis = getAxis();
  if (axis < 0 || axis >= int64_t(lhs.size()) || rhs.size() != 1 || rhs[0] != lhs[axis])
    return emitOpError("(C1) ") << getRhs().getType() << " does not broadcast along dimension " << axis
                                << " of " << getLhs().getType();
  return success();
}

LogicalResult ParamRoundOp::verify() {
  if (!isa<Float16Type, BFloat16Type, FloatTF32Type, Float32Type>(getElement()))
    return emitOpError("(C1) element is ") << getElement() << ", expected f16, bf16, tf32 or f32";
  return success();
}

LogicalResult ParamMatVecOp::verify() {
  ArrayRef<int64_t> matrix = shapeOf(getMatrix());
  if (shapeOf(getVector()) != matrix.drop_front() || shapeOf(getResult()) != matrix.drop_back())
    return emitOpError("(C1) expected a vector of ") << matrix[1] << " and a result of " << matrix[0];
  return success();
}

LogicalResult ParamTransposeOp::verify() {
  ArrayRef<int64_t> in = shapeOf(getInput()), out = shapeOf(getResult()), order = getPermutation();
  SmallVector<int64_t> sorted(order);
  llvm::sort(sorted);
  if (!llvm::equal(sorted, llvm::seq<int64_t>(0, in.size())) || out.size() != in.size())
    return emitOpError("(C1) the permutation is not one of ") << in.size() << " dimensions";
  for (auto [position, source] : llvm::enumerate(order))
    if (out[position] != in[source])
      return emitOpError("(C1) result dimension ")
             << position << " is " << out[position] << ", expected " << in[source];
  return success();
}

LogicalResult ParamReshapeOp::verify() {
  int64_t in = getInput().getType().getNumElements(), out = getResult().getType().getNumElements();
  if (in != out)
    return emitOpError("(C1) ") << in << " elements do not reshape to " << out;
  return success();
}
OpFoldResult ParamReshapeOp::fold(FoldAdaptor) {
  return getInput().getType() == getResult().getType() ? OpFoldResult(getInput()) : OpFoldResult();
}

LogicalResult ParamPadOp::verify() {
  ArrayRef<int64_t> in = shapeOf(getInput()), out = shapeOf(getResult());
  if (in.size() != out.size())
    return emitOpError("(C1) rank ") << in.size() << " cannot be padded to rank " << out.size();
  for (auto [axis, sizes] : llvm::enumerate(llvm::zip(in, out)))
    if (std::get<1>(sizes) < std::get<0>(sizes))
      return emitOpError("(C1) dimension ")
             << axis << " shrinks from " << std::get<0>(sizes) << " to " << std::get<1>(sizes);
  return success();
}
OpFoldResult ParamPadOp::fold(FoldAdaptor) {
  return getInput().getType() == getResult().getType() ? OpFoldResult(getInput()) : OpFoldResult();
}

LogicalResult ParamSliceOp::verify() {
  ArrayRef<int64_t> in = shapeOf(getInput()), out = shapeOf(getResult()), offsets = getOffsets();
  if (in.size() != out.size() || offsets.size() != in.size())
    return emitOpError("(C1) ranks differ");
  for (size_t axis = 0; axis < in.size(); ++axis)
    if (offsets[axis] < 0 || offsets[axis] + out[axis] > in[axis])
      return emitOpError("(C1) [") << offsets[axis] << ", " << offsets[axis] + out[axis]
                                   << ") does not lie within dimension " << axis << " of " << in[axis];
  return success();
}

LogicalResult ParamConcatOp::verify() {
  ArrayRef<int64_t> out = shapeOf(getResult());
  int64_t sum = 0;
  for (Value input : getInputs()) {
    if (shapeOf(input).drop_front() != out.drop_front())
      return emitOpError("(C1) ") << input.getType() << " does not concatenate to " << getResult().getType();
    sum += shapeOf(input)[0];
  }
  if (sum != out[0])
    return emitOpError("(C1) the first dimensions sum to ") << sum << ", the result has " << out[0];
  return success();
}
