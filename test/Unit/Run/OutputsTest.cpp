//===- OutputsTest.cpp - What a model returns -----------------------------------===//

#include "Outputs.h"
#include "Support/TemporaryFolder.h"

#include "mv/Support/Safetensors.h"

#include <gtest/gtest.h>

using namespace mv;
using namespace mv::run;

/// Outputs not kept have no memory and null pointers; the others advance image by image.
TEST(Outputs, Pointers) {
  OutputStore store({{"logits", {3}, 3}, {"pooled", {5}, 5}}, 4, {true, false});
  EXPECT_EQ(store.pointers(0)[1], nullptr);
  EXPECT_EQ(store.pointers(2)[0] - store.pointers(0)[0], 6);
  EXPECT_EQ(store.values(0).size(), 12u);
  EXPECT_EQ(store.values(1).size(), 0u);
}

/// What is written is read back: names, shapes with the batch in front, values, the pictures' names.
TEST(Outputs, Save) {
  test::TemporaryFolder folder;
  OutputStore store({{"logits", {3}, 3}, {"stage0", {2, 1, 2}, 4}}, 2, {true, true});
  for (int i = 0; i < 8; ++i)
    store.pointers(0)[1][i] = static_cast<float>(i);
  std::string path = folder.file("out.safetensors");
  Status status = saveOutputs(path, store, {"a.png", "b \"c\".png"});
  ASSERT_TRUE(status.ok()) << status.message();

  StatusOr<SafetensorsFile> file = SafetensorsFile::open(path);
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(file->tensors().size(), 2u);
  const TensorView *map = file->find("stage0");
  ASSERT_TRUE(map);
  EXPECT_EQ(map->shape, (std::vector<int64_t>{2, 2, 1, 2}));
  EXPECT_EQ(map->at(7), 7);
  EXPECT_EQ(file->metadata().at("files"), R"(["a.png","b \"c\".png"])");
}

TEST(Outputs, NegativeSave) {
  OutputStore store({{"logits", {1}, 1}}, 1, {true});
  EXPECT_EQ(saveOutputs("/no/such/folder/x.safetensors", store, {}).code(), StatusCode::InvalidInput);
}
