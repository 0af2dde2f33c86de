//===- Decisions.cpp - Tiles of the GPU's matrix products -------------------------===//

#include "mv/Kernels/GPU/Decisions.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mv;
using namespace mv::gpu;

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

/// A warp of 64x80 has 160 accumulators and 72 registers of fragments, two stages of them: the most that fit 255.
/// The wide ones read less of shared memory for each product; the small ones give a batch of one enough blocks. Warps of
/// 32x80 are for sums in chunks that one warp computes, which need their accumulators twice.
static constexpr ProductTile kTiles[] = {
    {128, 160, 64, 80, 4, 64}, {256, 80, 64, 80, 3, 64}, {128, 160, 32, 80, 4, 64},
    {128, 128, 64, 64, 4, 64}, {128, 96, 64, 48, 4, 64}, {128, 80, 32, 80, 3, 128},
    {128, 64, 64, 32, 4, 64},  {128, 32, 32, 32, 4, 64}, {64, 160, 32, 80, 4, 64},
    {64, 128, 32, 64, 4, 64},  {64, 80, 16, 80, 4, 128}, {64, 64, 32, 32, 4, 128},
    {64, 32, 32, 16, 4, 128},  {32, 64, 16, 32, 4, 128}, {32, 32, 16, 16, 4, 128},
};

/// f32 products split every fragment into two of tf32, which takes twice the registers of fragments.
static constexpr int64_t kMostAccumulators = 160, kMostSplitAccumulators = 64;

/// Four steps of k at once leave ptxas fewer registers: two sets of 80 spill on sm_90.
static constexpr int64_t kMostLongStageAccumulators = 128;

static int64_t mostAccumulators(const ProductTile &tile, DType dtype, int64_t sets) {
  if (dtype == DType::F32)
    return kMostSplitAccumulators;
  return sets > 1 && tile.stageBytes == kChunkBytes ? kMostLongStageAccumulators : kMostAccumulators;
}

/// Whether a thread's registers hold the tile's sums, `sets` times.
static bool suits(const ProductTile &tile, DType dtype, int64_t sets) {
  return sets * tile.accumulators() <= mostAccumulators(tile, dtype, sets);
}

/// Of accumulators for each sum, in a warp's main loop.
static int64_t countSets(const ProductVariant &variant, int64_t chunks) {
  return chunks > 1 && !variant.shared && variant.tile.groups == 1 ? 2 : 1;
}

/// Of a multiprocessor.
static constexpr int64_t kRegisters = 65536;

/// Of a thread.
static int64_t countRegisters(const ProductVariant &variant, int64_t chunks, DType dtype) {
  constexpr int64_t kMost = 255;
  // Two sets of sums at the end of a chunk: its own and the total, or what other blocks have stored.
  int64_t sets = variant.shared ? 2 : countSets(variant, chunks);
  // What a thread has beside its sums, amply: fragments, addresses, statistics; and copies of sums where they are added up.
  int64_t others = dtype == DType::F32 || sets > 1 ? 160 : 95;
  return std::min(sets * variant.tile.accumulators() + others, kMost);
}

int64_t mv::gpu::getResidentBlocks(const ProductVariant &variant, int64_t chunks, DType dtype) {
  return std::max<int64_t>(1, kRegisters / (variant.tile.threads() * countRegisters(variant, chunks, dtype)));
}

/// What MatrixLoop.cpp takes for granted, and the row statistics of Linear.cpp.
std::string mv::gpu::whyUnsound(const ProductVariant &variant, int64_t chunks, DType dtype,
                                const Target &target) {
  constexpr int64_t kMostThreads = 1024, kMostStages = 8, kStatistics = 8;
  const ProductTile &tile = variant.tile;
  auto name = [](int64_t number) { return std::to_string(number); };
  if (tile.warpRows % 16 != 0 || tile.warpColumns % 16 != 0)
    return "a warp's " + name(tile.warpRows) + " rows and " + name(tile.warpColumns) +
           " columns are no multiples of 16";
  if (tile.rows % tile.warpRows != 0 || tile.columns % tile.warpColumns != 0)
    return name(tile.rows) + " rows and " + name(tile.columns) + " columns are not whole warps of " +
           name(tile.warpRows) + " and " + name(tile.warpColumns);
  if (tile.stageBytes != 64 && tile.stageBytes != 128)
    return "a stage has " + name(tile.stageBytes) + " bytes of a row, expected 64 or 128";
  if (tile.stages < 2 || tile.stages > kMostStages)
    return name(tile.stages) + " stages, expected 2 to " + name(kMostStages);
  if (tile.groups != 1 && (variant.shared || tile.groups != chunks))
    return name(tile.groups) + " groups of warps, expected one, or as many as the " + name(chunks) +
           " chunks of k where blocks do not share them";
  if (tile.threads() > kMostThreads || tile.copiedRows() % 8 != 0)
    return name(tile.threads()) + " threads, which must be " + name(kMostThreads) +
           " at most and copy rows in eights";
  if (!llvm::isPowerOf2_64(tile.rows / tile.warps()) || tile.rows % (4 * tile.warps()) != 0)
    return name(tile.rows) + " rows do not divide into 4, 8, 16, ... for each of " + name(tile.warps()) +
           " warps";
  // What is made for the first target runs on every GPU.
  int64_t most = target.capability == getTargets().front().capability ? kMaxShared : target.blockSharedBytes;
  if (tile.sharedBytes() + kStatistics * tile.rows > most)
    return name(tile.sharedBytes()) + " bytes of stages do not fit the " + name(most) +
           " of a block's shared memory";
  if (int64_t each = countRegisters(variant, chunks, dtype); tile.threads() * each > kRegisters)
    return name(tile.threads()) + " threads of " + name(each) + " registers do not fit a multiprocessor's " +
           name(kRegisters);
  if (int64_t sets = countSets(variant, chunks); !suits(tile, dtype, sets))
    return name(sets * tile.accumulators()) + " sums of a thread do not fit its registers, at most " +
           name(mostAccumulators(tile, dtype, sets)) +
           (sets > 1 ? " (two for each element, as k is in chunks)" : "");
  return "";
}

//===----------------------------------------------------------------------===//
// Time
//===----------------------------------------------------------------------===//

/// What a block takes besides its products, in columns of k: filling the stages, and the epilogue.
static constexpr int64_t kBlockOverhead = 192;

/// Warps of a multiprocessor that hide each other's waits.
static constexpr int64_t kWarpsTogether = 8;

/// Clocks of a step of 32 bytes of k in one block, however few its products: a dependent m16n8k16 takes 33 on sm_80
/// (arXiv 2206.02874), the rest is a stage's barrier and copies. And of a block's first copies and its epilogue.
static constexpr double kStepClocks = 50, kFirstClocks = 1000;

/// Clocks to hand sums over to another block: stores, a fence and an atomic, and each chunk's loads: turns to the
/// second-level cache and back, of about 400, where loads overlap each other.
static constexpr double kHandOverClocks = 1200, kChunkClocks = 200;

/// Of one multiprocessor of sm_80 and a clock. An f32 product is three of tf32.
static double productsAClock(DType dtype) {
  switch (dtype) {
  case DType::F16:
  case DType::BF16:
    return 1024;
  case DType::TF32:
    return 512;
  case DType::F32:
    return 512.0 / 3;
  }
  return 0;
}

/// Reads of shared memory for each product of a warp, 1 for 64x64.
static double sharedReads(const ProductTile &tile) {
  return 32.0 * double(tile.warpRows + tile.warpColumns) / double(tile.warpRows * tile.warpColumns);
}

/// Of this many one after another, by shared memory and threads.
static int64_t residentBlocks(const ProductTile &tile, int64_t rounds, const Target &target) {
  constexpr int64_t kReservedShared = 1024, kThreads = 1024;
  int64_t most =
      std::min(target.sharedBytes / (tile.sharedBytes() + kReservedShared), kThreads / tile.threads());
  return std::max<int64_t>(1, std::min(rounds, most));
}

namespace {
/// All that a time depends on but the batch and the candidate.
struct Problem {
  ProductShape shape;
  ProductSplit split;
  DType dtype;
  const Target &target;
};
} // namespace

/// A measure of the time the busiest multiprocessor takes, in clocks.
static double productTime(const ProductVariant &candidate, const Problem &problem, int64_t batch) {
  const auto &[from, tile, shared] = candidate;
  const ProductShape &shape = problem.shape;
  int64_t blocks = ceilDiv(shape.rows * batch, tile.rows) * ceilDiv(shape.columns, tile.columns);
  if (shared)
    blocks *= problem.split.chunks;
  int64_t depth = shared ? problem.split.depth : shape.depth;
  int64_t rounds = ceilDiv(blocks, problem.target.multiprocessors);
  int64_t resident = residentBlocks(tile, rounds, problem.target);
  // Alone on its multiprocessor, a block of few warps waits for memory, and uses less of the units.
  double waits = resident * tile.warps() >= kWarpsTogether ? 1.0 : 1.5;
  double products = double(tile.rows * tile.columns) * double(depth + kBlockOverhead);
  // Shared memory is read at the pace of the products with 64x64 tiles at three quarters of its own.
  double work = products / productsAClock(problem.dtype) * std::max(1.0, 0.6 + 0.4 * sharedReads(tile));
  int64_t groupDepth = tile.groups > 1 ? problem.split.depth : depth;
  double steps = double(ceilDiv(groupDepth * getBytes(problem.dtype), 32));
  double latency = double(ceilDiv(rounds, resident)) * (steps * kStepClocks + kFirstClocks);
  return std::max(double(rounds) * waits * work, latency) +
         (shared ? kHandOverClocks + kChunkClocks * double(problem.split.chunks) : 0);
}

/// Tiles with the most accumulators have registers left for the end of ragged columns or for the most rows, not for both;
/// with elements of 32 bits, whose epilogues take more, for neither.
static bool hasRegistersForEnds(const ProductTile &tile, const Problem &problem) {
  constexpr int64_t kMostRows = 128;
  if (tile.accumulators() < kMostAccumulators)
    return true;
  bool isWhole = problem.shape.columns % tile.columns == 0, isTall = tile.rows > kMostRows;
  return getBytes(problem.dtype) == 4 ? isWhole && !isTall : isWhole || !isTall;
}

/// How a tile's chunks can be computed at a batch: one after another, by groups of warps, by several blocks.
static llvm::SmallVector<ProductVariant, 3> waysOf(const ProductTile &tile, int64_t chunks, int64_t batch) {
  llvm::SmallVector<ProductVariant, 3> ways = {{batch, tile, false}};
  if (chunks == 1)
    return ways;
  ways.push_back(ways.front());
  ways.back().tile.groups = chunks;
  if (batch <= kMostSharedBatch)
    ways.push_back({batch, tile, true});
  return ways;
}

/// The candidate with which the busiest multiprocessor is done first, and its time.
static std::pair<ProductVariant, double> chooseCandidate(const Problem &problem, int64_t batch) {
  std::pair<ProductVariant, double> best = {{batch, kTiles[0], false}, HUGE_VAL};
  int64_t chunks = problem.split.chunks;
  for (const ProductTile &tile : kTiles)
    for (const ProductVariant &candidate : waysOf(tile, chunks, batch)) {
      if (!hasRegistersForEnds(tile, problem) ||
          !whyUnsound(candidate, chunks, problem.dtype, problem.target).empty())
        continue;
      if (double time = productTime(candidate, problem, batch); time < best.second)
        best = {candidate, time};
    }
  return best;
}

//===----------------------------------------------------------------------===//
// Decisions
//===----------------------------------------------------------------------===//

/// Batches a variant is chosen for: latency, what a server collects, and throughput.
static constexpr int64_t kSmallBatch = 1, kMiddleBatch = 16, kLargeBatch = 128;

/// The chips for which sums are cut into chunks, whichever they run on: the bits of a result are the same on all. One has
/// the least shared memory that counts, the other the most.
static constexpr llvm::StringLiteral kReferenceTargets[] = {"sm_80", "sm_90"};

ProductSplit mv::gpu::splitProduct(const ProductShape &shape, DType dtype, int64_t chunks) {
  int64_t depth = std::min(shape.depth, roundUp(ceilDiv(shape.depth, chunks), kChunkBytes / getBytes(dtype)));
  return {ceilDiv(shape.depth, depth), depth};
}

/// By the geometric mean of the times at a small and at a large batch, where two sets of accumulators cost smaller tiles of
/// a warp, and groups of warps shared memory. Twice the chunks must save a tenth on every reference target.
ProductSplit mv::gpu::chooseProductSplit(const ProductShape &shape, DType dtype) {
  constexpr double kWorthIt = 0.9;
  auto time = [&](const ProductSplit &split, llvm::StringRef target) {
    Problem problem = {shape, split, dtype, *findTarget(target)};
    return std::sqrt(chooseCandidate(problem, kSmallBatch).second *
                     chooseCandidate(problem, kLargeBatch).second);
  };
  ProductSplit best = {1, shape.depth};
  for (int64_t chunks : {2, 4, 8}) {
    ProductSplit split = splitProduct(shape, dtype, chunks);
    auto saves = [&](llvm::StringRef target) { return time(split, target) < kWorthIt * time(best, target); };
    if (split.chunks != chunks)
      break;
    if (llvm::all_of(kReferenceTargets, saves))
      best = split;
  }
  return best;
}

/// Every candidate serves from the first batch at which it is faster than the one before; a middle one that saves less
/// than a tenth at its batch is not worth its code.
llvm::SmallVector<ProductVariant, 3> mv::gpu::chooseProductVariants(const ProductShape &shape, DType dtype,
                                                                    const Target &target) {
  constexpr double kWorthIt = 0.9;
  Problem problem = {shape, chooseProductSplit(shape, dtype), dtype, target};
  auto time = [&](const ProductVariant &candidate, int64_t batch) {
    return productTime(candidate, problem, batch);
  };
  ProductVariant small = chooseCandidate(problem, kSmallBatch).first;
  ProductVariant middle = chooseCandidate(problem, kMiddleBatch).first;
  ProductVariant large = chooseCandidate(problem, kLargeBatch).first;
  double others = std::min(time(small, kMiddleBatch), time(large, kMiddleBatch));
  llvm::SmallVector<ProductVariant, 3> candidates = {small};
  if (time(middle, kMiddleBatch) < kWorthIt * others)
    candidates.push_back(middle);
  candidates.push_back(large);

  llvm::SmallVector<ProductVariant, 3> variants;
  int64_t batch = kSmallBatch;
  for (const ProductVariant &candidate : candidates) {
    if (!variants.empty()) {
      ProductVariant before = variants.back();
      while (batch < kLargeBatch && time(candidate, batch) >= time(before, batch))
        ++batch;
      if (candidate.tile == before.tile && candidate.shared == before.shared)
        continue;
    }
    if (!variants.empty() && variants.back().batch == batch)
      variants.pop_back();
    variants.push_back({batch, candidate.tile, candidate.shared});
  }
  return variants;
}
