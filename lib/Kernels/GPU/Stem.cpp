//===- Stem.cpp - The convolution of the image ----------------------------------===//
//
// The image has three channels: too few for the matrix units. Two neighbouring threads compute up to 32 outputs of two
// pixels, each thread every other 16 bytes of what is stored of a pixel, so that together they write whole sectors:
//
//     thread 0    0..7          16..23            of pixel a, then of pixel b  (outputs of 16 bits)
//     thread 1          8..15           24..31
//
// All threads read the same weights at once, from shared memory, where they lie as [ky][kx][channel][output].
//
// The image is either three planes of f32, which threads read where they lie; or a picture's bytes, pixel by pixel:
//
//     R G B R G B R G B ...      lines of 3 W bytes, 672 of them at a width of 224
//
// A pixel's taps are 9 bytes of three lines each, at distances of 6 from its neighbour's. So a block brings the lines of
// its tile to shared memory first, 16 bytes a thread, and makes numbers of bytes when it reads them there.
//
//===----------------------------------------------------------------------===//

#include "ChannelGroups.h"
#include "Families.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mv;
using namespace mv::gpu;

//===----------------------------------------------------------------------===//
// Decisions
//===----------------------------------------------------------------------===//

static constexpr int64_t kPixels = 128; ///< Of a block, at most.
static constexpr int64_t kOutputs = 32, kSide = 3, kWarp = 32, kAccessBytes = 16;

int64_t mv::gpu::getStemOutputs(int64_t outputs) { return std::min(kOutputs, roundUp(outputs, 16)); }

namespace {

/// What both kinds of image share. A block computes one part of the outputs of some pixels.
class StemKernel {
public:
  StemKernel(KernelBuilder &b, Conv2DOp op)
      : b(b), op(op), channels(op.getInput().getType().getDimSize(3)),
        height(op.getInput().getType().getDimSize(1)), width(op.getInput().getType().getDimSize(2)),
        outHeight(op.getResult().getType().getDimSize(1)), outWidth(op.getResult().getType().getDimSize(2)),
        stride(op.getStride()), outputs(op.getResult().getType().getDimSize(3)),
        part(getStemOutputs(outputs)) {}
  virtual ~StemKernel() = default;

  void emit() {
    int64_t parts = ceilDiv(outputs, part);
    Grid grid = getGrid();
    b.beginVariant(1);
    b.beginLaunch(grid.threads);
    group = kAccessBytes * 8 / b.result().stored.element.getIntOrFloatBitWidth();
    Epilogue epilogue(b, op.getResult());
    if (epilogue.hasGaps())
      epilogue.fillGaps(
          b.times(b.quotient(b.plus(b.times(b.batch(), grid.items), grid.group - 1), grid.group), parts));
    Value firstOutput = b.times(b.remainder(b.block(), parts), part);
    loadWeights(b.remainder(b.block(), parts), grid.threads);
    Value block = b.quotient(b.block(), parts), pair = b.quotient(b.thread(), 2);
    begin(block);
    b.barrier();
    own = b.times(b.remainder(b.thread(), 2), group);
    std::array<Pixel, 2> pixels = {locate(block, pair), locate(block, b.plus(pair, grid.threads / 2))};
    Values sums = multiply(pixels, initialSums(firstOutput));
    for (auto [index, pixel] : llvm::enumerate(pixels))
      store(epilogue, pixel, firstOutput, ArrayRef(sums).slice(index * sumsAPixel(), sumsAPixel()));
    b.endLaunch(grid.items, grid.group, parts);
  }

protected:
  /// As a launch has it, but for the parts.
  struct Grid {
    int64_t items, group, threads;
  };
  /// Of the result: a pixel that exists, or one to read for in the place of one that does not.
  struct Pixel {
    Value image, y, x, exists;
  };
  virtual Grid getGrid() = 0;
  /// What a block does before its pixels; what it stores to shared memory can be read afterwards.
  virtual void begin(Value block) {}
  /// Pixel `index` of a block.
  virtual Pixel locate(Value block, Value index) = 0;
  /// The sums of this thread's pixels, added to `initial`.
  virtual Values multiply(ArrayRef<Pixel> pixels, Values initial) = 0;

  /// Adds the products of both pixels' elements under a tap, [ky][kx][channel], with its weights.
  void accumulate(Values &sums, ArrayRef<Value> elements, Value tap) {
    Value first = b.plus(b.times(tap, part), own);
    for (int64_t index = 0; index < sumsAPixel(); index += 4) {
      int64_t output = index / group * 2 * group + index % group;
      Value four = b.load(weights, b.plus(first, output), b.getF32Type(), 4);
      for (int64_t lane = 0; lane < 4; ++lane)
        for (auto [pixel, element] : llvm::enumerate(elements)) {
          Value &sum = sums[pixel * sumsAPixel() + index + lane];
          sum = b.fma(element, b.extract(four, lane), sum);
        }
    }
  }

  /// A coordinate of the image, and what stands for it outside.
  struct Place {
    Value clamped, exists;
  };
  /// `place`: one more than the coordinate.
  Place placeOf(Value place, int64_t size) {
    Value coordinate = b.minus(place, b.index(1)); // Very large where it is -1.
    Value exists = b.isLess(coordinate, b.index(size));
    Value clamped = b.smaller(b.minus(b.larger(place, b.index(1)), b.index(1)), b.index(size - 1));
    return {clamped, exists};
  }

  KernelBuilder &b;
  Conv2DOp op;
  int64_t channels, height, width, outHeight, outWidth, stride;

private:
  int64_t sumsAPixel() const { return part / 2; }

  /// This part's weights, [9 * channels][part] f32: a panel of theirs.
  void loadWeights(Value panel, int64_t threads) {
    constexpr int64_t kLanes = 4;
    int64_t count = kSide * kSide * channels * part / kLanes;
    weights = b.allocateShared(count * kAccessBytes);
    b.loop(0, ceilDiv(count, threads), 1, [&](Value round) {
      Value index = b.plus(b.times(round, threads), b.thread());
      b.when(b.isLess(index, b.index(count)), [&] {
        Value source = b.times(b.plus(b.times(panel, count), index), kLanes);
        Value loaded = b.load(b.input(op.getWeight()).memory, source, b.getF32Type(), kLanes);
        b.store(loaded, weights, b.times(index, kLanes), kLanes);
      });
    });
  }

  /// The first of this thread's outputs in its group `index`.
  Value channelOf(Value firstOutput, int64_t index) {
    return b.plus(b.plus(firstOutput, own), index * 2 * group);
  }

  Values initialSums(Value firstOutput) {
    Values sums(2 * sumsAPixel(), b.constant(0));
    if (!op.getBias())
      return sums;
    for (int64_t first = 0; first < sumsAPixel(); first += group) {
      Value channel =
          b.smaller(channelOf(firstOutput, first / group), b.index(roundUp(outputs, kRowChannels) - group));
      Values biases = loadChannels(b, b.input(op.getBias()), b.index(0), channel, group);
      for (int64_t pixel = 0; pixel < 2; ++pixel)
        llvm::copy(biases, sums.begin() + pixel * sumsAPixel() + first);
    }
    return sums;
  }

  void store(Epilogue &epilogue, const Pixel &pixel, Value firstOutput, ArrayRef<Value> sums) {
    Row row = epilogue.locate(Position::flat(pixel.image, b.plus(b.times(pixel.y, outWidth), pixel.x)));
    for (int64_t first = 0; first < sumsAPixel(); first += group)
      epilogue.store(row, channelOf(firstOutput, first / group), sums.slice(first, group), pixel.exists);
  }

  int64_t outputs, part;
  int64_t group; ///< Outputs that fill an access.
  Value own;     ///< This thread's first output of a part.
  Value weights;
};

//===----------------------------------------------------------------------===//
// Planes of f32
//===----------------------------------------------------------------------===//

class PlanesStem : public StemKernel {
public:
  PlanesStem(KernelBuilder &b, Conv2DOp op, ToNHWCOp source) : StemKernel(b, op), image(source.getInput()) {}

protected:
  Grid getGrid() override { return {outHeight * outWidth, kPixels, kPixels}; }

  Pixel locate(Value block, Value index) override {
    int64_t rows = outHeight * outWidth;
    Value pixel = b.plus(b.times(block, kPixels), index), count = b.times(b.batch(), rows);
    Value read = b.smaller(pixel, b.minus(count, b.index(1)));
    Value row = b.remainder(read, rows);
    return {b.quotient(read, rows), b.quotient(row, outWidth), b.remainder(row, outWidth),
            b.isLess(pixel, count)};
  }

  Values multiply(ArrayRef<Pixel> pixels, Values initial) override {
    return b.loop(b.index(0), b.index(channels), 1, initial, [&](Value channel, ValueRange carried) {
      Values sums(carried);
      for (int64_t tap = 0; tap < kSide * kSide; ++tap) {
        Values elements = llvm::map_to_vector(pixels, [&](const Pixel &pixel) {
          return loadElement(pixel, channel, tap / kSide, tap % kSide);
        });
        accumulate(sums, elements, b.plus(channel, tap * channels));
      }
      return sums;
    });
  }

private:
  /// The element of a plane under a tap, zero outside the image.
  Value loadElement(const Pixel &pixel, Value channel, int64_t ky, int64_t kx) {
    Place y = placeOf(b.plus(b.times(pixel.y, stride), ky), height),
          x = placeOf(b.plus(b.times(pixel.x, stride), kx), width);
    Value plane = b.plus(b.times(pixel.image, channels), channel);
    Value offset = b.plus(b.times(b.plus(b.times(plane, height), y.clamped), width), x.clamped);
    return b.select(b.both(y.exists, x.exists), b.load(b.input(image).memory, offset, b.getF32Type()),
                    b.constant(0));
  }

  Value image;
};

//===----------------------------------------------------------------------===//
// Bytes
//===----------------------------------------------------------------------===//

/// A block's tile is `rows` times `columns` pixels of the result, whole lines where they are short enough.
class PictureStem : public StemKernel {
public:
  PictureStem(KernelBuilder &b, Conv2DOp op, NormalizeOp normalize)
      : StemKernel(b, op), normalize(normalize) {
    segments = ceilDiv(outWidth, kPixels);
    columns = ceilDiv(outWidth, segments);
    rows = std::min(std::max<int64_t>(1, kPixels / columns), outHeight);
    // An image is a whole number of accesses, so that none crosses its end. Lines need not be.
    for (access = kAccessBytes; height * lineBytes() % access != 0;)
      access /= 2;
    int64_t needed = std::min(stride * (columns - 1) + kSide, width) * channels;
    bool isAligned = segments == 1 && lineBytes() % access == 0;
    accessesALine = ceilDiv(isAligned ? needed : needed + access - 1, access);
  }

protected:
  Grid getGrid() override { return {tilesAnImage(), 1, roundUp(rows * columns, kWarp)}; }

  void begin(Value block) override {
    Value tile = b.remainder(block, tilesAnImage());
    tileY = b.times(b.quotient(tile, segments), rows);
    tileX = b.times(b.remainder(tile, segments), columns);
    // One column more than the first pixel's own, if there is one.
    beginX = b.minus(b.larger(b.times(tileX, stride), b.index(1)), b.index(1));
    loadLines(b.quotient(block, tilesAnImage()));
  }

  Pixel locate(Value block, Value index) override {
    Value read = b.smaller(index, b.index(rows * columns - 1));
    Value y = b.plus(tileY, b.quotient(read, columns)), x = b.plus(tileX, b.remainder(read, columns));
    Value exists = b.both(b.isLess(y, b.index(outHeight)), b.isLess(x, b.index(outWidth)));
    if (rows * columns % kWarp != 0)
      exists = b.both(exists, b.isLess(index, b.index(rows * columns)));
    return {b.quotient(block, tilesAnImage()), y, x, exists};
  }

  Values multiply(ArrayRef<Pixel> pixels, Values initial) override {
    return b.loop(b.index(0), b.index(kSide), 1, initial, [&](Value ky, ValueRange carried) {
      Values sums(carried);
      SmallVector<Place> lines = llvm::map_to_vector(
          pixels, [&](const Pixel &pixel) { return placeOf(b.plus(b.times(pixel.y, stride), ky), height); });
      for (int64_t kx = 0; kx < kSide; ++kx) {
        SmallVector<Place> taps; // Offsets in shared memory.
        for (auto [pixel, line] : llvm::zip(pixels, lines)) {
          Place x = placeOf(b.plus(b.times(pixel.x, stride), kx), width);
          taps.push_back({offsetOf(line.clamped, x.clamped), b.both(line.exists, x.exists)});
        }
        for (int64_t channel = 0; channel < channels; ++channel) {
          Values elements =
              llvm::map_to_vector(taps, [&](const Place &tap) { return loadElement(tap, channel); });
          accumulate(sums, elements, b.plus(b.times(ky, kSide * channels), kx * channels + channel));
        }
      }
      return sums;
    });
  }

private:
  int64_t lineBytes() const { return width * channels; }
  int64_t tilesAnImage() const { return ceilDiv(outHeight, rows) * segments; }

  /// The byte of line `y` of the picture with which the tile's part of it begins.
  Value lineBegin(Value y) { return b.times(b.plus(b.times(y, width), beginX), channels); }

  /// Where channel 0 of a place of the picture lies in the tile's lines, of which the first is the one above it.
  Value offsetOf(Value y, Value x) {
    Value line = b.minus(b.plus(y, 1), b.times(tileY, stride));
    Value inLine = b.plus(b.remainder(lineBegin(y), access), b.times(b.minus(x, beginX), channels));
    return b.plus(b.times(line, accessesALine * access), inLine);
  }

  /// The lines that the tile's pixels touch, [stride (rows - 1) + 3][accessesALine * access] bytes.
  void loadLines(Value image) {
    int64_t lines = stride * (rows - 1) + kSide, count = lines * accessesALine, threads = getGrid().threads;
    Type element = b.getIntegerType(8 * std::min<int64_t>(access, 4));
    int64_t lanes = ceilDiv(access, 4);
    memory = b.allocateShared(count * access);
    b.loop(0, ceilDiv(count, threads), 1, [&](Value round) {
      Value index = b.plus(b.times(round, threads), b.thread());
      Value line = b.quotient(index, accessesALine), inLine = b.remainder(index, accessesALine);
      Value y = b.minus(b.plus(b.times(tileY, stride), line), b.index(1)); // Very large above the picture.
      Value exists = b.both(b.isLess(y, b.index(height)), b.isLess(index, b.index(count)));
      b.when(exists, [&] {
        Value source = b.plus(b.quotient(lineBegin(y), access), inLine);
        Value isOfLine = b.isLess(b.times(source, access), b.times(b.plus(y, 1), lineBytes()));
        b.when(isOfLine, [&] {
          Value global = b.plus(b.times(image, height * lineBytes() / access), source);
          Value loaded = b.load(b.input(normalize.getInput()).memory, b.times(global, lanes), element, lanes);
          b.store(loaded, memory, b.times(index, lanes), lanes);
        });
      });
    });
  }

  /// The number that a byte stands for; zero outside the picture.
  Value loadElement(const Place &tap, int64_t channel) {
    Value byte = b.load(memory, b.plus(tap.clamped, channel), b.getI8Type());
    Value number = arith::UIToFPOp::create(b, b.getF32Type(), byte);
    number = b.fma(number, b.constant(float(normalize.getScale(channel))),
                   b.constant(float(normalize.getShift(channel))));
    return b.select(tap.exists, number, b.constant(0));
  }

  NormalizeOp normalize;
  int64_t rows, columns, segments;
  int64_t access; ///< Bytes that a thread loads at once.
  int64_t accessesALine;
  Value tileY, tileX; ///< Of the tile's first pixel.
  Value beginX;       ///< The picture's column with which the tile's lines begin.
  Value memory;       ///< The tile's lines, in shared memory.
};
} // namespace

LogicalResult mv::gpu::emitStem(KernelBuilder &b) {
  auto op = *b.body.getOps<Conv2DOp>().begin();
  if (auto normalize = op.getInput().getDefiningOp<NormalizeOp>())
    PictureStem(b, op, normalize).emit();
  else
    PlanesStem(b, op, op.getInput().getDefiningOp<ToNHWCOp>()).emit();
  return success();
}
