//===- ProductKernel.cpp - A kernel around one matrix product -------------------===//

#include "ProductKernel.h"

#include "Channels.h"
#include "Families.h"

#include "mv/Kernels/GPU/Tuning.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mv;
using namespace mv::gpu;

/// The name of its kind in tuning files.
static StringRef kindOf(Operation *root) {
  return isa<Conv2DOp>(root) ? "conv2d" : isa<NormLinearOp>(root) ? "norm_linear" : "linear";
}

/// Without its depth.
static ProductShape shapeOf(Value result) {
  return {countRows(result), cast<RankedTensorType>(result.getType()).getShape().back(), 0};
}

ProductKernel::ProductKernel(KernelBuilder &b, Value root, Value input, Value weight, Value bias)
    : b(b), root(root), weight(weight), bias(bias), activation(dyn_cast<BlockArgument>(input)),
      result(cast<RankedTensorType>(root.getType())) {
  shape = shapeOf(root);
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
  split = chooseProductSplit(shape, b.dtype);
  int64_t needed = getProductWorkspaceBytes(root.getDefiningOp(), b.dtype);
  if (int64_t(b.kernel.getWorkspace()) != needed)
    return b.kernel.emitOpError("has a workspace of ")
           << b.kernel.getWorkspace() << " bytes, expected " << needed << ": run the plan stage again";
  auto variants = chooseProductVariants(shape, b.dtype, b.target);
  if (b.tuning)
    variants = b.tuning->apply(std::move(variants), kindOf(root.getDefiningOp()), shape, b.dtype, b.target);
  for (auto [index, variant] : llvm::enumerate(variants)) {
    b.beginVariant(variant.batch);
    b.beginLaunch(variant.tile.threads());
    b.keepResident(getResidentBlocks(variant, split.chunks, b.dtype));
    emitLaunch(variant, variant.shared ? variants[index + 1].batch - 1 : 0);
    int64_t blocks = ceilDiv(shape.columns, variant.tile.columns) * (variant.shared ? split.chunks : 1);
    b.endLaunch(shape.rows, variant.tile.rows, blocks);
  }
  return success();
}

Position ProductKernel::positionOf(Value row) {
  return Position::flat(b.quotient(row, shape.rows), b.remainder(row, shape.rows));
}

SmallVector<Value> ProductKernel::loadVector(Value parameter, Value column) {
  return loadChannels(b, b.input(parameter), b.index(0), column, kResultColumns, resultPieceStep(b.dtype));
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

ProductKernel::Grid ProductKernel::locateBlock(const ProductVariant &variant) {
  Grid grid;
  grid.across = ceilDiv(shape.columns, variant.tile.columns);
  grid.chunks = variant.shared ? split.chunks : 1;
  if (variant.shared)
    grid.chunk = b.remainder(b.block(), grid.chunks);
  grid.tile = b.quotient(b.block(), grid.chunks);
  grid.rows = b.times(b.batch(), shape.rows);
  grid.firstRow = b.times(b.quotient(grid.tile, grid.across), variant.tile.rows);
  grid.firstColumn = b.times(b.remainder(grid.tile, grid.across), variant.tile.columns);
  return grid;
}

MatrixOperands ProductKernel::operandsOf(const Grid &grid) {
  Buffer weights = b.input(weight);
  MatrixOperands operands;
  operands.left = b.input(activation).memory;
  operands.leftStart = [&](Value row) { return leftStart(row); };
  operands.leftShift = leftShift();
  operands.depth = shape.depth;
  operands.split = split;
  operands.chunk = grid.chunk;
  operands.weights = weights.memory;
  operands.weightStep = weights.stored.sizes.back();
  operands.columns = shape.columns;
  return operands;
}

/// `mostBatch`: of a shared variant.
void ProductKernel::emitLaunch(const ProductVariant &variant, int64_t mostBatch) {
  const ProductTile &tile = variant.tile;
  Grid grid = locateBlock(variant);
  Epilogue epilogue(b, root, 0, resultPieceStep(b.dtype));
  MatrixLoop loop(b, tile, operandsOf(grid));
  Value lastRow = b.minus(grid.rows, b.index(1));
  loop.begin(grid.firstRow, lastRow, grid.firstColumn);
  prepare(tile, grid.firstRow, lastRow);
  loop.run();
  grid = locateBlock(variant);

  if (epilogue.hasGaps()) {
    Value tilesDown = b.quotient(b.plus(grid.rows, tile.rows - 1), tile.rows);
    epilogue.fillGaps(b.times(tilesDown, grid.across * grid.chunks));
  }
  if (!variant.shared)
    return storeResults(loop, tile, epilogue, grid);
  MatrixLoop::SharedSums sums = {b.workspace(), grid.rows, grid.firstRow, grid.firstColumn,
                                 roundUp(shape.columns, kRowChannels)};
  loop.storeChunk(sums);
  int64_t mostTiles = ceilDiv(mostBatch * shape.rows, tile.rows) * grid.across;
  b.when(isLastToArrive(grid, mostTiles), [&] {
    loop.addChunks(sums);
    storeResults(loop, tile, epilogue, grid);
  });
}

/// Whether the blocks of the tile's other chunks have stored their sums before this one has. Who arrives draws a number;
/// the last one's draw starts the numbers anew for the next launch. One thread's fences serve the block: barriers make
/// what they order hold for all (PTX ISA, "Causality order").
Value ProductKernel::isLastToArrive(const Grid &grid, int64_t mostTiles) {
  Value counters = b.allocateCounters(mostTiles), drawn = b.allocateShared(4);
  b.barrier();
  b.when(b.isEqual(b.thread(), b.index(0)), [&] {
    b.fence();
    Value number = b.countUp(counters, grid.tile, grid.chunks - 1);
    b.fence();
    b.store(number, drawn, b.index(0));
  });
  b.barrier();
  Value number = b.load(drawn, b.index(0), b.getI32Type());
  Value last = arith::ConstantIntOp::create(b, grid.chunks - 1, 32);
  return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, number, last);
}

void ProductKernel::storeResults(MatrixLoop &loop, const ProductTile &tile, Epilogue &epilogue,
                                 const Grid &grid) {
  bool flat = isFlat(epilogue);
  int64_t stored = std::min(epilogue.storedChannels(), roundUp(shape.columns, kRowChannels));
  loop.forEachResult([&](Value blockRow, Value blockColumn, ValueRange sums) {
    Value row = b.plus(grid.firstRow, blockRow), column = b.plus(grid.firstColumn, blockColumn);
    Value isColumn = stored % tile.columns == 0 ? Value() : b.isLess(column, b.index(stored));
    b.when(b.both(b.isLess(row, grid.rows), isColumn), [&] {
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

int64_t mv::gpu::getProductWorkspaceBytes(Operation *root, DType dtype) {
  auto input = cast<RankedTensorType>(root->getOperand(0).getType());
  ProductShape shape = shapeOf(root->getResult(0));
  shape.depth = roundUp(input.getShape().back(), kRowChannels) * (isa<Conv2DOp>(root) ? 9 : 1);
  int64_t chunks = chooseProductSplit(shape, dtype).chunks;
  return chunks == 1 ? 0 : 4 * chunks * shape.rows * roundUp(shape.columns, kRowChannels);
}
