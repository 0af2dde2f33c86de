//===- CompareTest.cpp - Outputs against expected values ------------------------===//

#include "Compare.h"
#include "Support/TemporaryFolder.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace mv;
using namespace mv::run;

namespace {

/// Two images, logits [3] and a map stage0 [2, 1, 2], all found values 1, 2, 3, ...
class CompareTest : public testing::Test {
protected:
  CompareTest() : store({{"logits", {3}, 3}, {"stage0", {2, 1, 2}, 4}}, 2, {true, true}) {
    for (float *values : store.pointers(0))
      for (int i = 0; i < (values == store.pointers(0)[0] ? 6 : 8); ++i)
        values[i] = static_cast<float>(i + 1);
  }

  template <typename T>
  void add(const std::string &name, ElementType type, std::vector<int64_t> shape,
           const std::vector<T> &values) {
    std::string_view bytes(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T));
    data.emplace_back(std::make_unique<std::string>(bytes));
    tensors.push_back({name, type, std::move(shape), std::as_bytes(std::span(*data.back()))});
  }

  StatusOr<ExpectedOutputs> open(size_t images = 2) {
    std::string path = folder.file("expected.safetensors");
    Status written = writeSafetensors(path, tensors, metadata);
    EXPECT_TRUE(written.ok()) << written.message();
    return ExpectedOutputs::open(path, store.outputs(), images);
  }

  std::string errorOf(size_t images = 2) {
    StatusOr<ExpectedOutputs> expected = open(images);
    return expected.ok() ? "" : expected.status().message();
  }

  test::TemporaryFolder folder;
  OutputStore store;
  std::vector<std::unique_ptr<std::string>> data;
  std::vector<TensorToWrite> tensors;
  std::map<std::string, std::string> metadata;
};

} // namespace

/// The largest error is divided by the largest expected value, wherever each is.
TEST_F(CompareTest, WholeTensor) {
  add<float>("logits", ElementType::F32, {2, 3}, {1, 2, 3.5f, 4, 5, -10});
  StatusOr<ExpectedOutputs> expected = open();
  ASSERT_TRUE(expected.ok()) << expected.status().message();
  EXPECT_TRUE(expected->wants(0));
  EXPECT_FALSE(expected->wants(1));
  std::vector<Comparison> results = expected->compare(store);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_DOUBLE_EQ(results[0].error, 1.6);
  EXPECT_DOUBLE_EQ(results[0].l2, std::sqrt(0.25 + 256) / std::sqrt(1 + 4 + 12.25 + 16 + 25 + 100));
  EXPECT_EQ(results[0].in(Norm::Max), results[0].error);
  EXPECT_EQ(results[0].in(Norm::L2), results[0].l2);
  EXPECT_EQ(results[0].position, 5);
  EXPECT_EQ(results[0].expected, -10);
  EXPECT_EQ(results[0].found, 6);
}

TEST_F(CompareTest, Samples) {
  add<int32_t>("stage0_index", ElementType::I32, {2}, {0, 7});
  add<double>("stage0_value", ElementType::F64, {2}, {1, 4});
  StatusOr<ExpectedOutputs> expected = open();
  ASSERT_TRUE(expected.ok()) << expected.status().message();
  EXPECT_FALSE(expected->wants(0));
  std::vector<Comparison> results = expected->compare(store);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_DOUBLE_EQ(results[0].error, 1);
  EXPECT_DOUBLE_EQ(results[0].l2, 4 / std::sqrt(17)); // Over the samples.
  EXPECT_EQ(results[0].position, 7);
  EXPECT_TRUE(results[0].isSample);
}

/// Tensors that are no outputs are left alone.
TEST_F(CompareTest, IgnoresOthers) {
  add<int64_t>("labels", ElementType::I64, {2}, {1, 2});
  add<float>("trace/stem", ElementType::F32, {1}, {0});
  add<float>("logits", ElementType::F32, {2, 3}, {1, 2, 3, 4, 5, 6});
  StatusOr<ExpectedOutputs> expected = open();
  ASSERT_TRUE(expected.ok()) << expected.status().message();
  std::vector<Comparison> results = expected->compare(store);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].error, 0);
}

/// A value that is not a number is never within a tolerance, on either side.
TEST_F(CompareTest, NotANumberDiffers) {
  add<float>("logits", ElementType::F32, {2, 3}, {1, NAN, 3, 4, 5, 6});
  EXPECT_TRUE(std::isinf(open()->compare(store)[0].error));
  EXPECT_TRUE(std::isinf(open()->compare(store)[0].l2));
  tensors.clear();
  add<float>("logits", ElementType::F32, {2, 3}, {1, 2, 3, 4, 5, 6});
  store.pointers(0)[0][4] = NAN;
  EXPECT_TRUE(std::isinf(open()->compare(store)[0].error));
  EXPECT_TRUE(std::isinf(open()->compare(store)[0].l2));
}

TEST_F(CompareTest, NegativeShape) {
  add<float>("logits", ElementType::F32, {2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_NE(errorOf(1).find("logits has shape [2, 3], but the model returns [1, 3] for 1 image"),
            std::string::npos);
}

/// An output that the model does not have is an error, not a gap in the comparison.
TEST_F(CompareTest, NegativeMissingOutput) {
  add<float>("logits", ElementType::F32, {2, 3}, {1, 2, 3, 4, 5, 6});
  add<float>("pooled", ElementType::F32, {2, 1}, {1, 2});
  EXPECT_NE(errorOf().find("expects the output pooled, but the model only has logits, stage0"),
            std::string::npos);
}

TEST_F(CompareTest, NegativeSamples) {
  add<int32_t>("stage0_index", ElementType::I32, {1}, {8});
  EXPECT_NE(errorOf().find("expected both stage0_index and stage0_value"), std::string::npos);
  add<float>("stage0_value", ElementType::F32, {1}, {1});
  EXPECT_NE(errorOf().find("stage0_index[0]: expected a position below 8, found 8"), std::string::npos);
  tensors.clear();
  add<int32_t>("stage0_index", ElementType::I32, {1}, {-1});
  add<float>("stage0_value", ElementType::F32, {1}, {1});
  EXPECT_NE(errorOf().find("found -1"), std::string::npos);
  tensors.clear();
  add<int32_t>("stage0_index", ElementType::I32, {2}, {0, 1});
  add<float>("stage0_value", ElementType::F32, {1}, {1});
  EXPECT_NE(errorOf().find("one whole number for each"), std::string::npos);
}

TEST_F(CompareTest, NegativeNothingToCompare) {
  add<int64_t>("labels", ElementType::I64, {2}, {1, 2});
  EXPECT_NE(errorOf().find("holds nothing to compare"), std::string::npos);
}

/// Rows in another order are found by the pictures' names; the folders before them may differ.
TEST_F(CompareTest, Pictures) {
  add<float>("logits", ElementType::F32, {2, 3}, {1, 2, 3, 4, 5, 6});
  metadata["files"] = R"(["a/1.png", "a/2.png"])";
  StatusOr<ExpectedOutputs> expected = open();
  EXPECT_TRUE(expected->checkPictures({"/x/1.png", "b/2.png"}).ok());
  Status status = expected->checkPictures({"/x/2.png", "b/1.png"});
  EXPECT_NE(status.message().find("row 0 is for 'a/1.png', but input 0 is '/x/2.png'"), std::string::npos)
      << status.message();
  // Metadata in a form of someone else's is no reason to refuse the file.
  metadata["files"] = "many";
  EXPECT_TRUE(open()->checkPictures({"/x/2.png", "b/1.png"}).ok());
}
