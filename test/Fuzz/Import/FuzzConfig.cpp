//===- FuzzConfig.cpp - Any text as a config ------------------------------------===//
//
// What is accepted must lead to a model whose tensors have sizes that fit 64 bits, and be consistent; what is
// refused must be refused in one line.
//
//===----------------------------------------------------------------------===//

#include "mv/Import/ModelConfig.h"
#include "mv/Import/ModelSpec.h"

#include <cmath>
#include <cstdlib>
#include <numeric>

using namespace mv;

static void require(bool condition) {
  if (!condition)
    std::abort();
}

static void checkError(const Status &status) {
  require(status.code() == StatusCode::InvalidInput && !status.message().empty());
  require(status.message().find('\n') == std::string::npos);
}

static void checkModel(const ModelConfig &config) {
  constexpr int64_t kManyBlocks = 64; // Longer lists of tensors cost time and show nothing new.
  ModelSpec spec = specFromConfig(config);
  require(spec.labels.empty() || int64_t(spec.labels.size()) == spec.numClasses);
  require(config.preprocessing.mean.size() == size_t(config.inChans));
  require(config.preprocessing.std.size() == size_t(config.inChans));
  if (std::accumulate(spec.depths.begin(), spec.depths.end(), int64_t(0)) > kManyBlocks)
    return;
  for (const ExpectedTensor &tensor : expectedTensors(spec)) {
    int64_t bytes = sizeof(double);
    for (int64_t extent : tensor.shape)
      require(extent > 0 && !__builtin_mul_overflow(bytes, extent, &bytes));
  }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto config = parseModelConfig({reinterpret_cast<const char *>(data), size}, "config.json");
  if (config.ok())
    checkModel(*config);
  else
    checkError(config.status());
  return 0;
}
