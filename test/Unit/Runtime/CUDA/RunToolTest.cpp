//===- RunToolTest.cpp - mv-run on a GPU ----------------------------------------===//

#include "DriverTrace.h"
#include "GPUPackage.h"
#include "Run.h"

#include "mv/Support/Safetensors.h"

using namespace mv;
using namespace mv::test;

namespace {

constexpr int64_t kImages = 11;
constexpr size_t kBatches = 4; ///< Of 3 images; the last has 2.

struct RunToolTest : testing::Test {
  RunToolTest() : images(testImages(kImages)), expected(expectedOutputs(images, kImages, kLevel)) {
    options.model = writeGPUPackage(folder, {readPTX("sm_80")});
    options.inputs = {
        write("input", {"input", ElementType::F32, {kImages, 3, 4, 5}, std::as_bytes(std::span(images))})};
    options.device = "cuda";
    options.batch = 3;
  }

  std::string write(const std::string &name, const TensorToWrite &tensor) const {
    const std::string path = folder.file(name + ".safetensors");
    const Status status = writeSafetensors(path, std::span(&tensor, 1));
    EXPECT_TRUE(status.ok()) << status.message();
    return path;
  }
  Status runTool() const {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Status status = run::runTool(options);
    testing::internal::GetCapturedStderr();
    testing::internal::GetCapturedStdout();
    return status;
  }

  TemporaryFolder folder;
  std::vector<float> images;
  TestOutputs expected;
  run::Options options;
};

} // namespace

/// Results go to their images, whatever is under way at once, and whatever of them is wanted.
TEST_F(RunToolTest, ResultsOfAllBatches) {
  options.expect =
      write("expected",
            {"centred", ElementType::F32, {kImages, 3, 4, 5}, std::as_bytes(std::span(expected.centred))});
  options.tolerance = 0;
  for (const int batch : {1, 2, 3, 4, 11, 64}) {
    options.batch = batch;
    const Status status = runTool();
    EXPECT_TRUE(status.ok()) << status.message();
  }
  expected.centred[kElements * 7] += 1;
  options.expect =
      write("expected",
            {"centred", ElementType::F32, {kImages, 3, 4, 5}, std::as_bytes(std::span(expected.centred))});
  EXPECT_EQ(runTool().code(), StatusCode::CheckFailed);
}

/// A picture that is none, found while batches before it are under way.
TEST_F(RunToolTest, NegativeBadPicture) {
  options.inputs.push_back(folder.write("none.png", "no picture"));
  options.save = folder.file("out.safetensors");
  for (const int batch : {1, 2, 3, 12}) {
    options.batch = batch;
    const Status status = runTool();
    EXPECT_EQ(status.code(), StatusCode::InvalidInput);
    EXPECT_NE(status.message().find("none.png': not a picture"), std::string::npos) << status.message();
  }
  EXPECT_FALSE(std::ifstream(options.save).good());
}

/// While a batch runs, the next one is uploaded and the results of the one before are downloaded: neither the streams
/// nor waits of the host are in the way.
TEST_F(RunToolTest, OverlapsBatches) {
  options.save = folder.file("out.safetensors");
  DriverTrace trace;
  const Status status = runTool();
  ASSERT_TRUE(status.ok()) << status.message();

  const DriverOrder order(trace.calls());
  std::vector<size_t> graphs;
  for (size_t index = 0; index < order.operations().size(); ++index)
    if (order.operations()[index].call.name == "graphLaunch")
      graphs.push_back(index);
  ASSERT_EQ(graphs.size(), kBatches);
  for (size_t batch = 1; batch + 1 < kBatches; ++batch) {
    const size_t graph = graphs[batch], nextUpload = graphs[batch + 1] - 1,
                 lastDownload = graphs[batch - 1] + 2;
    EXPECT_TRUE(order.mayOverlap(graph, nextUpload)) << batch;
    EXPECT_TRUE(order.mayOverlap(graph, lastDownload)) << batch;
    EXPECT_TRUE(order.isOrdered(nextUpload, graphs[batch + 1])) << batch;
    EXPECT_TRUE(order.isOrdered(graphs[batch - 1], lastDownload)) << batch;
  }
  // Pinned memory: no copy is staged, so the uploads are from places that take turns.
  std::set<cuda::Address> inputs;
  for (const size_t graph : graphs)
    inputs.insert(order.operations()[graph - 1].call.addresses[1]);
  EXPECT_EQ(inputs.size(), 3u);

  StatusOr<SafetensorsFile> saved = SafetensorsFile::open(options.save);
  ASSERT_TRUE(saved.ok());
  std::vector<float> values(expected.summary.size());
  saved->find("summary")->readFloats(0, values);
  EXPECT_EQ(values, expected.summary);
}
