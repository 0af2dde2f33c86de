//===- ReaderTest.cpp - Reading packages ----------------------------------------===//

#include "Image.h"

using namespace mv;
using namespace mv::package;
using namespace mv::test;

TEST(ReaderTest, NegativeNoSuchFile) {
  expectRefused(PackageFile::open("/nonexistent/model.mvx").status(), "No such file or directory");
}

TEST(ReaderTest, NegativeFolder) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.file("model.mvx"));
  expectRefused(PackageFile::open(folder.file("model.mvx")).status(), "found a folder");
}

// Of several damaged parameters the first is named, whichever thread finds it.
TEST(ReaderTest, NegativeDamagedParameters) {
  const TemporaryFolder folder;
  ModelT model = testModel();
  for (int index = 0; index < 50; ++index)
    model.parameters.push_back(parameter(("p" + std::to_string(index)).c_str(), 200000));
  ASSERT_TRUE(writePackage(folder.file("model.mvx"), std::move(model), testCode(), fillTestParameter).ok());
  Image image(folder.read("model.mvx"));
  ASSERT_TRUE(image.read({.verifyParameters = true, .threads = 4}).ok());
  for (size_t index : {7u, 20u, 49u})
    image[kSectionAlignment + 320 + index * 200000] ^= std::byte(1);
  expectRefused(image.read({.verifyParameters = true, .threads = 4}),
                "the checksum of parameter 'p7' is wrong");
}

// Without the option the parameters, and only they, go unread until they are asked for.
TEST(ReaderTest, VerifiesParametersLater) {
  Image image = Image::ofTestPackage();
  image[kSectionAlignment] ^= std::byte(1);
  auto file = PackageFile::parse(image.bytes(), "model.mvx", {.verifyParameters = false});
  ASSERT_TRUE(file.ok()) << file.status().message();
  expectRefused((*file)->verifyParameters(), "the checksum of parameter 'factors' is wrong");
  image[image.section(1).offset] ^= std::byte(1);
  expectRefused(image.read({.verifyParameters = false}), "the checksum of section 1 (code) is wrong");
}

// A model without parameters is one.
TEST(ReaderTest, ReadsModelsWithoutParameters) {
  const TemporaryFolder folder;
  ModelT model = testModel();
  model.parameters.clear();
  model.kernels[0]->arguments.erase(model.kernels[0]->arguments.begin() + 1);
  auto &buffers = model.entries[0]->programs[0]->dispatches[0]->buffers;
  buffers.erase(buffers.begin() + 1);
  const Status status =
      writePackage(folder.file("model.mvx"), std::move(model), testCode(), fillTestParameter);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_TRUE(PackageFile::open(folder.file("model.mvx")).ok());
}

// A name that would spoil the message is quoted.
TEST(ReaderTest, NegativeMessagesStayOnOneLine) {
  expectRefused(PackageFile::parse({}, "new\nline model.mvx").status(), "new\\x0aline");
}
