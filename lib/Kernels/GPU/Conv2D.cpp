//===- Conv2D.cpp - 3x3 convolutions as matrix products -------------------------===//
//
// A row of the product is an output pixel, k runs over (ky, kx, channel). The map is stored with a border of zeros, so
// there are no border cases: a pixel's row begins at its top left tap, the three pixels of a ky are one run of 3C
// elements, and each ky lies one line of the map below the one before. Nothing is ever gathered: how far an element
// lies behind a row's start depends on k alone.
//
//===----------------------------------------------------------------------===//

#include "Families.h"
#include "ProductKernel.h"

using namespace mlir;
using namespace mv;
using namespace mv::gpu;

namespace {

class Conv2DKernel : public ProductKernel {
public:
  Conv2DKernel(KernelBuilder &b, Conv2DOp op)
      : ProductKernel(b, op.getResult(), op.getInput(), op.getWeight(), op.getBias()), op(op) {}

protected:
  int64_t depth() const override { return 9 * stored().channels; }
  Value leftStart(Value row) override;
  std::function<Value(Value)> leftShift() override;
  LogicalResult check() override;

private:
  Conv2DOp op;
};

} // namespace

LogicalResult Conv2DKernel::check() {
  if (failed(ProductKernel::check()))
    return failure();
  if (stored().halo != 1)
    return b.kernel.emitError("a convolution reads a map with a halo of ") << stored().halo << ", expected 1";
  int64_t channels = storedType().getShape().back();
  if (stored().channels != roundUp(channels, kRowChannels))
    return b.kernel.emitError("a convolution reads pixels ")
           << stored().channels << " elements apart, expected " << roundUp(channels, kRowChannels);
  return success();
}

Value Conv2DKernel::leftStart(Value row) {
  int64_t width = result.getDimSize(2), stride = op.getStride();
  int64_t height = storedType().getDimSize(1) + 2, lineLength = storedType().getDimSize(2) + 2;
  Value image = b.quotient(row, shape.rows), pixel = b.remainder(row, shape.rows);
  Value y = b.times(b.quotient(pixel, width), stride), x = b.times(b.remainder(pixel, width), stride);
  Value line = b.plus(b.times(image, height), y);
  return b.times(b.plus(b.times(line, lineLength), x), stored().channels);
}

std::function<Value(Value)> Conv2DKernel::leftShift() {
  int64_t run = 3 * stored().channels, skip = (storedType().getDimSize(2) + 2) * stored().channels - run;
  return [this, run, skip](Value k) {
    Value second = b.select(b.isLess(k, b.index(run)), b.index(0), b.index(skip));
    Value third = b.select(b.isLess(k, b.index(2 * run)), b.index(0), b.index(skip));
    return b.plus(k, b.plus(second, third));
  };
}

LogicalResult mv::gpu::emitConv2D(KernelBuilder &b) {
  for (Operation &op : b.body)
    if (auto conv = dyn_cast<Conv2DOp>(op))
      return Conv2DKernel(b, conv).emit();
  return b.kernel.emitError("a conv2d kernel without mv.conv2d");
}
