//===- CheckValues.cpp - Values no model can work with --------------------------===//

#include "mv/Import/ModelSpec.h"
#include "mv/Import/WeightFile.h"
#include "mv/Support/Text.h"
#include "mv/Support/ThreadPool.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>

using namespace mv;

namespace {
/// Elements [begin, end) of one tensor: the unit of work.
struct Chunk {
  size_t tensor;
  int64_t begin, end;
};
} // namespace

/// Elements that a thread takes at a time: 256 KiB of float32.
static constexpr int64_t kChunk = 1 << 16;
/// Elements converted at a time: 16 KiB, which stay in the first-level cache.
static constexpr int64_t kReadAhead = 1 << 12;
static constexpr int64_t kNone = -1;

/// One pass without branches: the compiler makes vector instructions of it.
static bool allFinite(std::span<const float> values) {
  constexpr uint32_t kMagnitude = 0x7fffffff, kInfinity = 0x7f800000;
  uint32_t largest = 0;
  for (float value : values)
    largest = std::max(largest, std::bit_cast<uint32_t>(value) & kMagnitude);
  return largest < kInfinity;
}

/// The first bad element of the chunk.
static int64_t findBad(const WeightFile::Tensor &tensor, bool isVariance, int64_t begin, int64_t end) {
  float buffer[kReadAhead];
  for (int64_t at = begin; at < end; at += kReadAhead) {
    std::span<float> values(buffer, size_t(std::min(kReadAhead, end - at)));
    tensor.readFloats(at, values);
    if (!isVariance && allFinite(values))
      continue;
    for (size_t i = 0; i < values.size(); ++i)
      if (!std::isfinite(values[i]) || (isVariance && values[i] < 0))
        return at + int64_t(i);
  }
  return kNone;
}

/// "[3, 0, 1, 2]" for a flat index.
static std::string positionText(const WeightFile::Tensor &tensor, int64_t index) {
  std::vector<int64_t> position(tensor.shape.size());
  for (size_t axis = position.size(); axis-- > 0; index /= tensor.shape[axis])
    position[axis] = index % tensor.shape[axis];
  return shapeText(position);
}

static Status badValue(const WeightFile &weights, const WeightFile::Tensor &tensor, int64_t index) {
  constexpr size_t kMaxPath = 4096;
  float value = 0;
  tensor.readFloats(index, std::span(&value, 1));
  return Status::invalidInput(quote(weights.source(), kMaxPath) + ": tensor " + quote(tensor.storedName) +
                              ": expected " +
                              (std::isfinite(value) ? "variances of at least 0" : "finite values") +
                              ", found " + std::to_string(value) + " at " + positionText(tensor, index));
}

Status mv::checkValues(const ModelSpec &spec, const WeightFile &weights, ThreadPool &pool) {
  if (weights.isRandom())
    return Status(); // Finite by the rule that makes them.
  std::vector<const WeightFile::Tensor *> tensors;
  std::vector<Chunk> chunks;
  for (const ExpectedTensor &expected : expectedTensors(spec)) {
    const WeightFile::Tensor *tensor = weights.find(expected.name);
    if (!tensor)
      return Status::internal("tensor " + quote(expected.name) + " is missing after resolveModel()");
    for (int64_t begin = 0, count = tensor->elementCount(); begin < count; begin += kChunk)
      chunks.push_back({tensors.size(), begin, std::min(begin + kChunk, count)});
    tensors.push_back(tensor);
  }
  // The first bad chunk in order, not in time. Chunks after one known to be bad are skipped.
  std::atomic<size_t> firstBad = chunks.size();
  auto check = [&](unsigned, int64_t begin, int64_t end) {
    for (auto i = size_t(begin); i < size_t(end) && i < firstBad.load(std::memory_order_relaxed); ++i) {
      const WeightFile::Tensor &tensor = *tensors[chunks[i].tensor];
      bool isVariance = tensor.name.ends_with("running_var");
      if (findBad(tensor, isVariance, chunks[i].begin, chunks[i].end) == kNone)
        continue;
      size_t known = firstBad.load();
      while (i < known && !firstBad.compare_exchange_weak(known, i)) {
      }
    }
  };
  pool.parallelFor(int64_t(chunks.size()), 1, check);
  if (firstBad == chunks.size())
    return Status();
  const Chunk &chunk = chunks[firstBad];
  const WeightFile::Tensor &tensor = *tensors[chunk.tensor];
  return badValue(weights, tensor,
                  findBad(tensor, tensor.name.ends_with("running_var"), chunk.begin, chunk.end));
}
