//===- ShardIndexTest.cpp - Checkpoints of several files ------------------------===//

#include "TestCheckpoint.h"

using namespace mv;
using mv::test::TestCheckpoint;
using nlohmann::json;

namespace {

/// The small checkpoint in two files: the levels in one, the rest in the other.
class ShardIndex : public ::testing::Test {
protected:
  ShardIndex() {
    for (const auto &[name, tensor] : test_.tensors)
      index_["weight_map"][name] = isLevel(name) ? "model-1.safetensors" : "model-2.safetensors";
  }

  static bool isLevel(const std::string &name) { return name.starts_with("levels."); }

  void save() {
    test_.folder.write("config.json", test_.config.dump());
    test_.folder.write("model.safetensors.index.json", index_.dump());
    test_.saveTensors("model-1.safetensors", isLevel);
    test_.saveTensors("model-2.safetensors", [](const std::string &name) { return !isLevel(name); });
  }
  StatusOr<Checkpoint> load() { return loadCheckpoint(test_.folder.path(), "", test_.pool); }
  std::string error() {
    auto checkpoint = load();
    return checkpoint.ok() ? "no error" : test_.withoutFolder(checkpoint.status().message());
  }

  TestCheckpoint test_;
  json index_ = {{"metadata", {{"total_size", 1}}}, {"weight_map", json::object()}};
};

} // namespace

TEST_F(ShardIndex, ReadsAllFiles) {
  save();
  auto checkpoint = load();
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  EXPECT_EQ(checkpoint->weights.files().size(), 2u);
  EXPECT_EQ(checkpoint->weights.tensors().size(), test_.tensors.size());
  // The index itself can be named too.
  auto byName =
      loadCheckpoint(test_.folder.path(), test_.folder.file("model.safetensors.index.json"), test_.pool);
  EXPECT_TRUE(byName.ok()) << byName.status().message();
}

TEST_F(ShardIndex, negative_MissingFile) {
  save();
  std::filesystem::remove(test_.folder.file("model-2.safetensors"));
  EXPECT_EQ(error(),
            "'model.safetensors.index.json': expected the file 'model-2.safetensors' in the same folder, "
            "found none; fetch all 2 files of the checkpoint");
}

TEST_F(ShardIndex, negative_TensorInAnotherFile) {
  index_["weight_map"]["head.bias"] = "model-1.safetensors";
  save();
  EXPECT_EQ(error(),
            "'model.safetensors.index.json': tensor 'head.bias': expected in 'model-1.safetensors', found in "
            "'model-2.safetensors'");
}

TEST_F(ShardIndex, negative_TensorInNoFile) {
  index_["weight_map"]["extra"] = "model-1.safetensors";
  save();
  EXPECT_EQ(error(),
            "'model.safetensors.index.json': tensor 'extra': expected in 'model-1.safetensors', found in no "
            "file; fetch that file again");
}

TEST_F(ShardIndex, negative_TensorNotInTheIndex) {
  index_["weight_map"].erase("head.bias");
  save();
  EXPECT_EQ(error(),
            "'model.safetensors.index.json': tensor 'head.bias' is in 'model-2.safetensors', but expected in "
            "no file: the index does not list it");
}

// The same tensor in two files.
TEST_F(ShardIndex, negative_TensorInTwoFiles) {
  save();
  test_.saveTensors("model-1.safetensors",
                    [](const std::string &name) { return isLevel(name) || name == "head.bias"; });
  EXPECT_EQ(error(),
            "'model.safetensors.index.json': tensor 'head.bias': expected in 'model-2.safetensors', found in "
            "'model-1.safetensors'");
}

TEST_F(ShardIndex, negative_Malformed) {
  index_.erase("weight_map");
  save();
  EXPECT_EQ(error(),
            "'model.safetensors.index.json': field 'weight_map': expected an object {tensor: file}, found "
            "none");
  index_ = json::array();
  save();
  EXPECT_CONTAINS(error(), "field 'weight_map': expected an object {tensor: file}, found none");
  test_.folder.write("model.safetensors.index.json", "{");
  EXPECT_CONTAINS(error(), "not valid JSON");
}

// An index must not make the compiler read files elsewhere.
TEST_F(ShardIndex, negative_FileOutsideTheFolder) {
  for (json name : {json("../w.safetensors"), json("/w.safetensors"), json(".."), json(""), json(3)}) {
    index_["weight_map"]["head.bias"] = name;
    save();
    EXPECT_CONTAINS(error(), "tensor 'head.bias': expected the name of a file in the same folder, found");
  }
}

TEST_F(ShardIndex, negative_DamagedFile) {
  save();
  test_.folder.write("model-2.safetensors", "PK");
  EXPECT_EQ(error(), "'model-2.safetensors': expected a safetensors file, at least 8 bytes, found 2");
}
