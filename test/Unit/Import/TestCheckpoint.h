//===- TestCheckpoint.h - A small checkpoint to break ---------------*- C++ -*-===//

#ifndef MV_TEST_UNIT_IMPORT_TESTCHECKPOINT_H
#define MV_TEST_UNIT_IMPORT_TESTCHECKPOINT_H

#include "Support/TemporaryFolder.h"
#include "mv/Import/Checkpoint.h"
#include "mv/Support/ThreadPool.h"

#include <cstring>
#include <gtest/gtest.h>
#include <map>
#include <nlohmann/json.hpp>

#define EXPECT_CONTAINS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

namespace mv::test {

/// Every block kind once, and small: 4 channels.
inline nlohmann::json smallConfig() {
  return nlohmann::json::parse(R"({"model_type": "mambavision", "dim": 4, "in_dim": 4, "depths": [1, 1, 2, 2],
      "num_heads": [1, 1, 2, 2], "window_size": [2, 2, 2, 2], "mlp_ratio": 2, "num_classes": 3})");
}

/// A config and tensors in memory: a test changes one thing, saves both and loads them.
class TestCheckpoint {
public:
  struct Tensor {
    ElementType type = ElementType::F32;
    std::vector<int64_t> shape;
    std::vector<std::byte> bytes;
  };

  explicit TestCheckpoint(nlohmann::json config = smallConfig()) : config(std::move(config)) {
    auto parsed = parseModelConfig(this->config.dump(), "config.json");
    EXPECT_TRUE(parsed.ok()) << parsed.status().message();
    auto weights = WeightFile::createRandom(*parsed, 1);
    EXPECT_TRUE(weights.ok()) << weights.status().message();
    for (const WeightFile::Tensor &tensor : weights->tensors()) {
      std::vector<float> values(size_t(tensor.elementCount()));
      tensor.readFloats(0, values);
      add(tensor.name, tensor.shape, values);
    }
  }

  void add(const std::string &name, std::vector<int64_t> shape, std::vector<float> values) {
    auto bytes = std::as_bytes(std::span(values));
    tensors[name] = {ElementType::F32, std::move(shape), {bytes.begin(), bytes.end()}};
  }
  void rename(const std::string &from, const std::string &to) {
    auto node = tensors.extract(from);
    ASSERT_FALSE(node.empty()) << from;
    node.key() = to;
    tensors.insert(std::move(node));
  }
  void set(const std::string &name, size_t index, float value) {
    std::memcpy(tensors.at(name).bytes.data() + index * sizeof(float), &value, sizeof(float));
  }

  /// Writes the tensors whose name `take` accepts.
  template <typename Take> void saveTensors(const std::string &file, Take take) const {
    std::vector<TensorToWrite> list;
    for (const auto &[name, tensor] : tensors)
      if (take(name))
        list.push_back({name, tensor.type, tensor.shape, tensor.bytes});
    Status status = writeSafetensors(folder.file(file), list);
    EXPECT_TRUE(status.ok()) << status.message();
  }
  void save() const {
    folder.write("config.json", config.dump());
    saveTensors("model.safetensors", [](const std::string &) { return true; });
  }

  /// Saves and loads. `pool` has two threads, so that what depends on them shows.
  StatusOr<Checkpoint> load() const {
    save();
    return loadCheckpoint(folder.path(), "", pool);
  }
  /// The message of load(), with the folder's name left out.
  std::string error() const {
    auto checkpoint = load();
    return checkpoint.ok() ? "no error" : withoutFolder(checkpoint.status().message());
  }
  std::string withoutFolder(std::string message) const {
    std::string prefix = folder.path() + "/";
    for (size_t at; (at = message.find(prefix)) != std::string::npos;)
      message.erase(at, prefix.size());
    return message;
  }

  nlohmann::json config;
  std::map<std::string, Tensor> tensors;
  TemporaryFolder folder;
  mutable ThreadPool pool{2};
};

} // namespace mv::test

#endif // MV_TEST_UNIT_IMPORT_TESTCHECKPOINT_H
