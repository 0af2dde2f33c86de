//===- WriterTest.cpp - Writing packages ----------------------------------------===//

#include "Image.h"

#include <atomic>
#include <thread>

using namespace mv;
using namespace mv::package;
using namespace mv::test;

// What is written is read back, and lies where kernels want it.
TEST(WriterTest, WritesWhatTheReaderReads) {
  const TemporaryFolder folder;
  const std::string path = folder.file("model.mvx");
  ASSERT_TRUE(writeTestPackage(path).ok());
  auto file = PackageFile::open(path);
  ASSERT_TRUE(file.ok()) << file.status().message();
  const Model &model = (*file)->model();
  EXPECT_EQ(model.licence()->str(), "CC-BY-NC-SA-4.0");
  ASSERT_EQ(model.parameters()->size(), 2u);
  for (uint32_t index = 0; index < 2; ++index) {
    const std::span<const std::byte> bytes = (*file)->parameter(index);
    std::vector<std::byte> expected(bytes.size());
    ASSERT_TRUE(fillTestParameter(index, expected).ok());
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), expected.begin(), expected.end()));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(bytes.data()) % kBufferAlignment, 0u);
    EXPECT_LE(bytes.data() + bytes.size() + kReadablePadding,
              (*file)->bytes().data() + (*file)->bytes().size());
  }
  ASSERT_EQ(model.code()->size(), 1u);
  const std::span<const std::byte> code = (*file)->sectionBytes((*file)->codeSection(0));
  EXPECT_EQ(std::vector(code.begin(), code.end()), testCode()[0].bytes);
  EXPECT_EQ((*file)->codeSection(0).offset % kSectionAlignment, 0u);
  EXPECT_GE((*file)->descriptor(), 0);
}

TEST(WriterTest, SameInputSameBytes) {
  const TemporaryFolder folder;
  ThreadPool pool(4);
  ASSERT_TRUE(writeTestPackage(folder.file("a.mvx")).ok());
  ASSERT_TRUE(writeTestPackage(folder.file("b.mvx"), {.pool = &pool}).ok());
  EXPECT_EQ(folder.read("a.mvx"), folder.read("b.mvx"));
}

// With room for two parameters, no more than two are in memory at a time; one that is larger than the room,
// alone.
TEST(WriterTest, KeepsToItsMemoryLimit) {
  ModelT model = testModel();
  for (int index = 0; index < 20; ++index)
    model.parameters.push_back(parameter("more", 1000));
  model.parameters.push_back(parameter("large", 5000));
  std::atomic<int64_t> held{0};
  std::atomic<bool> exceeded{false};
  const FillParameter fill = [&](size_t index, std::span<std::byte> out) {
    const auto bytes = static_cast<int64_t>(out.size());
    const int64_t now = held += bytes;
    if (now > 2000 && now != bytes)
      exceeded = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    held -= bytes;
    return Status();
  };
  const TemporaryFolder folder;
  ThreadPool pool(4);
  const Status status = writePackage(folder.file("model.mvx"), std::move(model), testCode(), fill,
                                     {.pool = &pool, .memoryLimit = 2000});
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_FALSE(exceeded);
}

// Parameters are given zeroed, aligned memory.
TEST(WriterTest, GivesZeroedMemory) {
  const TemporaryFolder folder;
  bool good = true;
  const FillParameter fill = [&](size_t, std::span<std::byte> out) {
    good &= reinterpret_cast<uintptr_t>(out.data()) % kBufferAlignment == 0;
    good &= std::all_of(out.begin(), out.end(), [](std::byte value) { return value == std::byte(0); });
    std::fill(out.begin(), out.end(), std::byte(0xFF));
    return Status();
  };
  ASSERT_TRUE(writePackage(folder.file("model.mvx"), testModel(), testCode(), fill).ok());
  EXPECT_TRUE(good);
}

// The first parameter's error is told, and neither a new file nor a changed one is left.
TEST(WriterTest, NegativeParameterFails) {
  const TemporaryFolder folder;
  const std::string path = folder.write("model.mvx", "before");
  ThreadPool pool(3);
  const FillParameter fill = [&](size_t index, std::span<std::byte>) {
    return Status::invalidInput("parameter " + std::to_string(index) + " is not finite");
  };
  const Status status = writePackage(path, testModel(), testCode(), fill, {.pool = &pool});
  EXPECT_EQ(status.code(), StatusCode::InvalidInput);
  EXPECT_NE(status.message().find("is not finite"), std::string::npos);
  EXPECT_EQ(folder.entries(), 1u);
  EXPECT_EQ(folder.read("model.mvx"), "before");
}

TEST(WriterTest, NegativeFolderDoesNotExist) {
  const Status status = writeTestPackage("/nonexistent/folder/model.mvx");
  expectRefused(status, "No such file or directory");
}

// A plan that the reader would refuse is the compiler's fault, and found out here.
TEST(WriterTest, NegativePlanContradictsItself) {
  const TemporaryFolder folder;
  ModelT model = testModel();
  model.entries[0]->programs[0]->dispatches[0]->kernel = 9;
  const Status status =
      writePackage(folder.file("model.mvx"), std::move(model), testCode(), fillTestParameter);
  expectRefused(status, "expected an index below 3, found 9", StatusCode::Internal);
  EXPECT_EQ(folder.entries(), 0u);
}

TEST(WriterTest, NegativeIncompleteModels) {
  const TemporaryFolder folder;
  const std::string path = folder.file("model.mvx");
  ModelT model = testModel();
  model.code.push_back(std::make_unique<CodeT>());
  EXPECT_EQ(writePackage(path, std::move(model), testCode(), fillTestParameter).code(), StatusCode::Internal);
  model = testModel();
  model.parameters[1]->bytes = 0;
  EXPECT_EQ(writePackage(path, std::move(model), testCode(), fillTestParameter).code(), StatusCode::Internal);
  model = testModel();
  model.preprocessing.reset();
  EXPECT_EQ(writePackage(path, std::move(model), testCode(), fillTestParameter).code(), StatusCode::Internal);
  EXPECT_EQ(folder.entries(), 0u);
}
