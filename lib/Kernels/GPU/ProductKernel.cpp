//===- ProductKernel.cpp - A kernel around one matrix product -------------------===//

#include "ProductKernel.h"

#include "Channels.h"

using namespace mlir;
using namespace mv;
using namespace mv::gpu;

ProductKernel::ProductKernel(KernelBuilder &b, Value root, Value input, Value weight, Value bias)
    : b(b), root(root), weight(weight), bias(bias), activation(dyn_cast<BlockArgument>(input)),
      result(cast<RankedTensorType>(root.getType())) {
  int64_t rows = result.getRank() == 4 ? result.getDimSize(1) * result.getDimSize(2) : 1;
  shape = {rows, result.getShape().back(), 0};
}

LogicalResult ProductKernel::check() {
  if (!activation)
    return b.kernel.emitError(
        "a product reads what this kernel computes; on a GPU it must read an input of the kernel");
  Type element = getStorageType(b.getContext(), b.dtype);
  if (stored().element != element)
    return b.kernel.emitError("a product reads ")
           << stored().element << ", expected activations in " << element;
  if (stored().channels % kRowChannels != 0)
    return b.kernel.emitError("a product reads positions ")
           << stored().channels << " elements apart, expected a multiple of " << kRowChannels;
  return success();
}

LogicalResult ProductKernel::emit() {
  if (failed(check()))
    return failure();
  shape.depth = depth();
  for (const ProductVariant &variant : chooseProductVariants(shape, b.dtype, b.target)) {
    b.beginVariant(variant.batch);
    b.beginLaunch(variant.tile.threads());
    emitLaunch(variant.tile);
    b.endLaunch(shape.rows, variant.tile.rows, ceilDiv(shape.columns, variant.tile.columns));
  }
  return success();
}

Position ProductKernel::positionOf(Value row) {
  return Position::flat(b.quotient(row, shape.rows), b.remainder(row, shape.rows));
}

SmallVector<Value> ProductKernel::loadVector(Value parameter, Value column) {
  return loadChannels(b, b.input(parameter), b.index(0), column, kResultColumns);
}

RankedTensorType ProductKernel::storedType() const {
  return cast<RankedTensorType>(b.kernel.getFunctionType().getInput(activation.getArgNumber()));
}

/// Whether every activation that the epilogue touches has its rows one after another, over all images.
bool ProductKernel::isFlat(const Epilogue &epilogue) {
  if (epilogue.getMovement())
    return false;
  FunctionType type = b.kernel.getFunctionType();
  return llvm::all_of(llvm::concat<const Type>(type.getInputs(), type.getResults()), [&](Type each) {
    auto tensor = cast<RankedTensorType>(each);
    return !tensor.isDynamicDim(0) || storedShape(tensor).halo == 0;
  });
}

/// Blocks of the same rows follow each other: the rows are then in the second-level cache, as are all weights.
void ProductKernel::emitLaunch(const ProductTile &tile) {
  int64_t blocksAcross = ceilDiv(shape.columns, tile.columns);
  Value rows = b.times(b.batch(), shape.rows);
  Value firstRow = b.times(b.quotient(b.block(), blocksAcross), tile.rows);
  Value firstColumn = b.times(b.remainder(b.block(), blocksAcross), tile.columns);
  Value lastRow = b.minus(rows, b.index(1));

  Epilogue epilogue(b, root);
  Buffer weights = b.input(weight);
  MatrixOperands operands;
  if (activation)
    operands.left = b.input(activation).memory;
  operands.leftStart = [&](Value row) { return leftStart(row); };
  operands.leftShift = leftShift();
  operands.depth = shape.depth;
  operands.weights = weights.memory;
  operands.weightStep = weights.stored.sizes.back();
  operands.columns = shape.columns;
  MatrixLoop loop(b, tile, std::move(operands));
  loop.begin(firstRow, lastRow, firstColumn);
  prepare(tile, firstRow, lastRow);
  loop.run();

  if (epilogue.hasGaps()) {
    Value blocks = b.times(b.quotient(b.plus(rows, tile.rows - 1), tile.rows), blocksAcross);
    epilogue.fillGaps(blocks);
  }
  bool flat = isFlat(epilogue);
  int64_t stored = std::min(epilogue.storedChannels(), roundUp(shape.columns, kRowChannels));
  loop.forEachResult([&](Value blockRow, Value blockColumn, ValueRange sums) {
    Value row = b.plus(firstRow, blockRow), column = b.plus(firstColumn, blockColumn);
    Value isColumn = stored % tile.columns == 0 ? Value() : b.isLess(column, b.index(stored));
    b.when(b.both(b.isLess(row, rows), isColumn), [&] {
      SmallVector<Value> values(sums);
      adjust(blockRow, column, values);
      if (bias)
        for (auto [value, each] : llvm::zip(values, loadVector(bias, column)))
          value = b.add(value, each);
      epilogue.store(epilogue.locate(flat ? Position::flat(b.index(0), row) : positionOf(row)), column,
                     values);
    });
  });
}
