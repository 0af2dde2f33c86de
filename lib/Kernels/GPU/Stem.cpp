//===- Stem.cpp - The convolution of the image ----------------------------------===//
//
// The image has three channels: too few for the matrix units. Two or four neighbouring threads compute up to 32 outputs of as
// many pixels, each thread every second or fourth 16 bytes of what is stored of a pixel, so that together they write whole
// sectors:
//
//     thread 0    0..7          16..23            of pixel a, then of pixel b  (outputs of 16 bits)
//     thread 1          8..15           24..31
//
// Four pixels take half the reads of weights; where an element takes several instructions, two pixels take half of those.
// All threads read the same weights at once, from shared memory, where they lie as [ky][kx][channel][output], and behind them
// the biases. A block brings them there, and the part of the image that its pixels touch.
//
// The image is either three planes of f32, of which a block takes whole sectors of the lines, and zeros around the image; or a
// picture's bytes, pixel by pixel:
//
//     R G B R G B R G B ...      lines of 3 W bytes, 672 of them at a width of 224
//
// A pixel's taps are 9 bytes of three lines each, at distances of 6 from its neighbour's: they become numbers when they are
// read from shared memory.
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
  StemKernel(KernelBuilder &b, Conv2DOp op, int64_t pixelsAThread)
      : b(b), op(op), channels(op.getInput().getType().getDimSize(3)),
        height(op.getInput().getType().getDimSize(1)), width(op.getInput().getType().getDimSize(2)),
        outHeight(op.getResult().getType().getDimSize(1)), outWidth(op.getResult().getType().getDimSize(2)),
        stride(op.getStride()), outputs(op.getResult().getType().getDimSize(3)),
        part(getStemOutputs(outputs)), pixelsAThread(pixelsAThread),
        threadsAPixel(std::min(pixelsAThread, part / 8)) {}
  virtual ~StemKernel() = default;

  void emit() {
    int64_t parts = ceilDiv(outputs, part);
    Grid grid = getGrid();
    int64_t threads = grid.pixels * threadsAPixel / pixelsAThread;
    b.beginVariant(1);
    b.beginLaunch(threads);
    group = kAccessBytes * 8 / b.result().stored.element.getIntOrFloatBitWidth();
    Epilogue epilogue(b, op.getResult());
    if (epilogue.hasGaps())
      epilogue.fillGaps(b.times(b.batch(), grid.tiles * parts));
    Value firstOutput = b.times(b.remainder(b.block(), parts), part);
    copyWeights(b.remainder(b.block(), parts), firstOutput);
    Value block = b.quotient(b.block(), parts);
    begin(block);
    b.commitCopies();
    b.waitCopies(0);
    b.barrier();
    own = b.times(b.remainder(b.thread(), threadsAPixel), group);
    SmallVector<Pixel> pixels;
    for (int64_t index = 0; index < pixelsAThread; ++index)
      pixels.push_back(locate(block, pixelOfThread(index)));
    Values sums = multiply(pixels, initialSums());
    for (auto [index, pixel] : llvm::enumerate(pixels))
      store(epilogue, pixel, firstOutput, ArrayRef(sums).slice(index * sumsAPixel(), sumsAPixel()));
    b.endLaunch(grid.tiles, 1, parts);
  }

protected:
  /// Blocks of an image, but for the parts, and pixels of a block.
  struct Grid {
    int64_t tiles, pixels;
  };
  /// Of the result: a pixel that exists, or one to read for in the place of one that does not.
  struct Pixel {
    Value image, y, x, exists;
  };
  virtual Grid getGrid() = 0;
  /// What a block does before its pixels; what it stores or copies to shared memory can be read afterwards.
  virtual void begin(Value block) {}
  /// Pixel `index` of a block.
  virtual Pixel locate(Value block, Value index) = 0;
  /// The sums of this thread's pixels, added to `initial`.
  virtual Values multiply(ArrayRef<Pixel> pixels, Values initial) = 0;

  /// The number in its block of a thread's pixel `index`, which are as far apart as a block has threads for.
  Value pixelOfThread(int64_t index) {
    return b.plus(b.quotient(b.thread(), threadsAPixel), index * pixelsApart());
  }
  int64_t pixelsApart() const { return b.threadsABlock() / threadsAPixel; }

  /// Adds the products of all pixels' elements under a tap, [ky][kx][channel], with its weights.
  void accumulate(Values &sums, ArrayRef<Value> elements, Value tap) {
    Value first = b.times(tap, part);
    for (int64_t index = 0; index < sumsAPixel(); index += 4) {
      Value four = b.load(weights, b.plus(first, outputAt(index)), b.getF32Type(), 4);
      for (int64_t lane = 0; lane < 4; ++lane)
        for (auto [pixel, element] : llvm::enumerate(elements)) {
          Value &sum = sums[pixel * sumsAPixel() + index + lane];
          sum = b.fma(element, b.extract(four, lane), sum);
        }
    }
  }

  KernelBuilder &b;
  Conv2DOp op;
  int64_t channels, height, width, outHeight, outWidth, stride;

private:
  int64_t sumsAPixel() const { return part / threadsAPixel; }

  int64_t countWeights() const { return kSide * kSide * channels * part; }

  /// This part's weights, [9 * channels][part] f32: a panel of theirs; and its biases. Of outputs that are none there may be
  /// anything.
  void copyWeights(Value panel, Value firstOutput) {
    constexpr int64_t kLanes = 4;
    int64_t count = countWeights() / kLanes, threads = b.threadsABlock();
    weights = b.allocateShared(4 * (countWeights() + part));
    auto copy = [&](Value target, Value memory, Value source) {
      b.copyAsync(b.address(weights, target, b.getF32Type()), b.address(memory, source, b.getF32Type()));
    };
    b.loop(0, ceilDiv(count, threads), 1, [&](Value round) {
      Value index = b.plus(b.times(round, threads), b.thread());
      b.when(b.isLess(index, b.index(count)), [&] {
        Value source = b.times(b.plus(b.times(panel, count), index), kLanes);
        copy(b.times(index, kLanes), b.input(op.getWeight()).memory, source);
      });
    });
    if (!op.getBias())
      return;
    b.when(b.isLess(b.thread(), b.index(part / kLanes)), [&] {
      Value index = b.times(b.thread(), kLanes);
      Value source = b.smaller(b.plus(firstOutput, index), b.index(roundUp(outputs, kRowChannels) - kLanes));
      copy(b.plus(index, countWeights()), b.input(op.getBias()).memory, source);
    });
  }

  /// The first of this thread's outputs of a part from number `index` of its own on.
  Value outputAt(int64_t index) { return b.plus(own, index / group * threadsAPixel * group + index % group); }

  Values initialSums() {
    if (!op.getBias())
      return Values(pixelsAThread * sumsAPixel(), b.constant(0));
    Values sums;
    for (int64_t pixel = 0; pixel < pixelsAThread; ++pixel)
      for (int64_t index = 0; index < sumsAPixel(); index += 4) {
        Value four = b.load(weights, b.plus(outputAt(index), countWeights()), b.getF32Type(), 4);
        for (int64_t lane = 0; lane < 4; ++lane)
          sums.push_back(b.extract(four, lane));
      }
    return sums;
  }

  void store(Epilogue &epilogue, const Pixel &pixel, Value firstOutput, ArrayRef<Value> sums) {
    Row row = epilogue.locate(Position::flat(pixel.image, b.plus(b.times(pixel.y, outWidth), pixel.x)));
    for (int64_t first = 0; first < sumsAPixel(); first += group)
      epilogue.store(row, b.plus(firstOutput, outputAt(first)), sums.slice(first, group), pixel.exists);
  }

  int64_t outputs, part;
  int64_t pixelsAThread, threadsAPixel;
  int64_t group; ///< Outputs that fill an access.
  Value own;     ///< This thread's first output of a part.
  Value weights;
};

//===----------------------------------------------------------------------===//
// Planes of f32
//===----------------------------------------------------------------------===//

/// A block's tile is 8 lines of 16 pixels of the result: a warp's pixels are neighbours, whose taps lie in different banks. A
/// line of shared memory begins a sector in front of the first pixel's own column, of which there is the last element or zero.
class PlanesStem : public StemKernel {
public:
  PlanesStem(KernelBuilder &b, Conv2DOp op, ToNHWCOp source)
      : StemKernel(b, op, /*pixelsAThread=*/4), image(source.getInput()),
        lines(stride * (kLines - 1) + kSide),
        lineElements(roundUp(kSector + stride * (kColumns - 1) + kSide - 1, kSector)) {}

protected:
  Grid getGrid() override { return {tilesAnImage(), kPixels}; }

  void begin(Value block) override {
    Value tile = b.remainder(block, tilesAnImage());
    tileY = b.times(b.quotient(tile, tilesALine()), kLines);
    tileX = b.times(b.remainder(tile, tilesALine()), kColumns);
    copyLines(b.times(b.quotient(block, tilesAnImage()), channels));
  }

  Pixel locate(Value block, Value index) override {
    Value y = b.plus(tileY, b.quotient(index, kColumns)), x = b.plus(tileX, b.remainder(index, kColumns));
    Value isLine = outHeight % kLines == 0 ? Value() : b.isLess(y, b.index(outHeight));
    Value isColumn = outWidth % kColumns == 0 ? Value() : b.isLess(x, b.index(outWidth));
    return {b.quotient(block, tilesAnImage()), y, x, b.both(isLine, isColumn)};
  }

  Values multiply(ArrayRef<Pixel> pixels, Values initial) override {
    Value pixel = pixelOfThread(0);
    Value first = b.plus(b.times(b.quotient(pixel, kColumns), stride * lineElements),
                         b.times(b.remainder(pixel, kColumns), stride));
    int64_t apart = pixelsApart() / kColumns * stride * lineElements;
    return b.loop(b.index(0), b.index(channels), 1, initial, [&](Value channel, ValueRange carried) {
      Values sums(carried);
      for (int64_t ky = 0; ky < kSide; ++ky) {
        Value line = b.plus(b.plus(first, b.times(channel, lines * lineElements)), ky * lineElements);
        SmallVector<Values> taps;
        for (size_t index = 0; index < pixels.size(); ++index)
          taps.push_back(loadTaps(b.plus(line, index * apart)));
        for (int64_t kx = 0; kx < kSide; ++kx) {
          Values elements = llvm::map_to_vector(taps, [&](const Values &each) { return each[kx]; });
          accumulate(sums, elements, b.plus(channel, (ky * kSide + kx) * channels));
        }
      }
      return sums;
    });
  }

private:
  static constexpr int64_t kLines = 8, kColumns = kPixels / kLines, kSector = 8;

  int64_t tilesALine() const { return ceilDiv(outWidth, kColumns); }
  int64_t tilesAnImage() const { return ceilDiv(outHeight, kLines) * tilesALine(); }

  /// The planes from number `plane` on, [channels][lines][lineElements] f32: 16 bytes a thread where lines begin with such.
  void copyLines(Value plane) {
    int64_t lanes = width % 4 == 0 ? 4 : 1, pieces = lineElements / lanes, count = channels * lines * pieces;
    int64_t threads = b.threadsABlock();
    Value source = b.input(image).memory;
    memory = b.allocateShared(4 * count * lanes);
    b.loop(0, ceilDiv(count, threads), 1, [&](Value round) {
      Value index = b.plus(b.times(round, threads), b.thread()), line = b.quotient(index, pieces);
      Value below = b.plus(b.times(tileY, stride), b.remainder(line, lines));
      Value right = b.plus(b.times(tileX, stride), b.times(b.remainder(index, pieces), lanes));
      Value y = b.minus(below, b.index(1)), x = b.minus(right, b.index(kSector)); // Very large outside.
      Value exists = b.both(b.isLess(y, b.index(height)), b.isLess(x, b.index(width)));
      Value lineOfAll =
          b.plus(b.times(b.plus(plane, b.quotient(line, lines)), height), b.select(exists, y, b.index(0)));
      Value read = b.plus(b.times(lineOfAll, width), b.select(exists, x, b.index(0)));
      b.when(count % threads == 0 ? Value() : b.isLess(index, b.index(count)), [&] {
        Value target = b.times(index, lanes);
        if (lanes == 4)
          return b.copyAsync(b.address(memory, target, b.getF32Type()),
                             b.address(source, read, b.getF32Type()), exists);
        b.store(b.select(exists, b.load(source, read, b.getF32Type()), b.constant(0)), memory, target);
      });
    });
  }

  /// The elements of a line of shared memory under a pixel's three taps.
  Values loadTaps(Value pixel) {
    Value first = b.plus(pixel, kSector - 1);
    Values taps = {b.load(memory, first, b.getF32Type())};
    int64_t lanes = stride % 2 == 0 ? 2 : 1;
    for (int64_t tap = 1; tap < kSide; tap += lanes) {
      Value loaded = b.load(memory, b.plus(first, tap), b.getF32Type(), lanes);
      for (int64_t lane = 0; lane < lanes; ++lane)
        taps.push_back(b.extract(loaded, lane));
    }
    return taps;
  }

  Value image;
  int64_t lines, lineElements; ///< Of a plane's part in shared memory.
  Value tileY, tileX;          ///< Of the tile's first pixel.
  Value memory;
};

//===----------------------------------------------------------------------===//
// Bytes
//===----------------------------------------------------------------------===//

/// A block's tile is `rows` times `columns` pixels of the result, whole lines where they are short enough.
class PictureStem : public StemKernel {
public:
  PictureStem(KernelBuilder &b, Conv2DOp op, NormalizeOp normalize)
      : StemKernel(b, op, /*pixelsAThread=*/2), normalize(normalize) {
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
  Grid getGrid() override { return {tilesAnImage(), roundUp(rows * columns, kWarp)}; }

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
    int64_t lines = stride * (rows - 1) + kSide, count = lines * accessesALine, threads = b.threadsABlock();
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
