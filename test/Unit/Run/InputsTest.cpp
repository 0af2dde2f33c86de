//===- InputsTest.cpp - What a run works on -------------------------------------===//

#include "Inputs.h"
#include "Support/TemporaryFolder.h"

#include <gtest/gtest.h>

using namespace mv;
using namespace mv::run;

static std::string readGolden(const std::string &name) {
  std::ifstream file(std::string(MV_TEST_INPUTS) + "/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

static std::string errorOf(const std::vector<std::string> &arguments) {
  StatusOr<InputList> list = InputList::collect(arguments);
  return list.ok() ? "" : list.status().message();
}

/// images of 2 x 2 pixels as .safetensors; values count up from `first`.
static std::string writeTensor(const test::TemporaryFolder &folder, const std::string &name, int64_t count,
                               const std::string &tensor = "input", int64_t side = 2) {
  std::vector<float> values(static_cast<size_t>(count * 3 * side * side));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(i);
  std::string path = folder.file(name);
  TensorToWrite images{tensor, ElementType::F32, {count, 3, side, side}, std::as_bytes(std::span(values))};
  Status status = writeSafetensors(path, std::span(&images, 1));
  EXPECT_TRUE(status.ok()) << status.message();
  return path;
}

/// A folder gives its pictures in order of their paths, whatever they are called; other and hidden files do
/// not count.
TEST(Inputs, Folder) {
  test::TemporaryFolder folder;
  std::string png = readGolden("grey1.png");
  for (const char *name : {"b.png", "a/z.PNG", "a/c/1.png", "noname", ".hidden.png", ".git/x.png"})
    folder.write(name, png);
  folder.write("README.md", "text");
  StatusOr<InputList> list = InputList::collect({folder.path()});
  ASSERT_TRUE(list.ok()) << list.status().message();
  std::vector<std::string> names;
  for (const Input &input : *list)
    names.push_back(input.name);
  EXPECT_EQ(names, (std::vector<std::string>{folder.file("a/c/1.png"), folder.file("a/z.PNG"),
                                             folder.file("b.png"), folder.file("noname")}));
}

/// Arguments keep their order; the rows of a tensor stand one after the other.
TEST(Inputs, OrderAndRows) {
  test::TemporaryFolder folder;
  std::string picture = folder.write("p.png", readGolden("grey1.png"));
  std::string tensor = writeTensor(folder, "t.safetensors", 2);
  StatusOr<InputList> list = InputList::collect({tensor, picture});
  ASSERT_TRUE(list.ok()) << list.status().message();
  ASSERT_EQ(list->size(), 3u);
  EXPECT_EQ((*list)[1].name, tensor + "[1]");
  EXPECT_EQ((*list)[1].row, 1);
  EXPECT_EQ((*list)[2].name, picture);
  EXPECT_TRUE(list->hasPictures());
  EXPECT_EQ(**list->tensorShape(), (ImageShape{3, {2, 2}}));
}

/// Rows are read from where they are, pictures are preprocessed, each into its own place.
TEST(Inputs, Load) {
  test::TemporaryFolder folder;
  std::string tensor = writeTensor(folder, "t.safetensors", 2);
  std::string picture = folder.write("p.png", readGolden("grey1.png"));
  StatusOr<InputList> list = InputList::collect({tensor, picture});
  ASSERT_TRUE(list.ok());
  Preprocessing preprocessing;
  preprocessing.width = preprocessing.height = 2;
  ThreadPool pool(2);
  std::vector<float> values(2 * 12);
  ASSERT_TRUE(list->load(1, 2, {3, {2, 2}}, preprocessing, pool, values.data()).ok());
  EXPECT_EQ(values[0], 12);
  EXPECT_EQ(values[11], 23);
  std::vector<float> expected(12);
  ASSERT_TRUE(preprocessPicture(*readPicture(picture), "p", preprocessing, expected).ok());
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), values.begin() + 12));
}

/// For a model that normalises pictures itself: rows of bytes as they are, pictures of the right size.
TEST(Inputs, LoadBytes) {
  test::TemporaryFolder folder;
  std::vector<uint8_t> bytes(2 * 3 * 2 * 3);
  for (size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<uint8_t>(255 - i);
  TensorToWrite tensor{"input", ElementType::U8, {2, 3, 2, 3}, std::as_bytes(std::span(bytes))};
  ASSERT_TRUE(writeSafetensors(folder.file("t.safetensors"), std::span(&tensor, 1)).ok());
  std::string picture = folder.write("p.png", readGolden("rgb.png"));
  StatusOr<InputList> list = InputList::collect({folder.file("t.safetensors"), picture});
  ASSERT_TRUE(list.ok()) << list.status().message();
  const ImageShape shape{3, {3, 2}, true};
  EXPECT_EQ(**list->tensorShape(), shape);
  EXPECT_EQ(imageShapeText(shape), "u8 [3, 2, 3]");
  EXPECT_EQ(shape.bytes(), 18u);
  Preprocessing preprocessing;
  preprocessing.height = 3;
  preprocessing.width = 2;
  ThreadPool pool(2);
  std::vector<uint8_t> values(2 * 18);
  ASSERT_TRUE(list->load(1, 2, shape, preprocessing, pool, values.data()).ok());
  EXPECT_TRUE(std::equal(values.begin(), values.begin() + 18, bytes.begin() + 18));
  const Picture expected = resizeAndCrop(*readPicture(picture), preprocessing);
  EXPECT_TRUE(std::equal(values.begin() + 18, values.end(), expected.rgb.begin()));
}

/// The first bad picture is reported, whichever thread found one first.
TEST(Inputs, NegativeLoad) {
  test::TemporaryFolder folder;
  std::vector<std::string> paths = {folder.write("0.png", readGolden("grey1.png"))};
  for (int i = 1; i < 20; ++i)
    paths.push_back(folder.write(std::to_string(i) + ".png", "not a picture"));
  StatusOr<InputList> list = InputList::collect(paths);
  ASSERT_TRUE(list.ok());
  Preprocessing preprocessing;
  preprocessing.width = preprocessing.height = 2;
  ThreadPool pool(4);
  std::vector<float> values(20 * 12);
  Status status = list->load(0, 20, {3, {2, 2}}, preprocessing, pool, values.data());
  EXPECT_EQ(status.message().find("'" + paths[1] + "'"), 0u) << status.message();
}

TEST(Inputs, NegativeFiles) {
  test::TemporaryFolder folder;
  EXPECT_EQ(errorOf({folder.file("none.png")}), "no such file or folder: '" + folder.file("none.png") + "'");
  EXPECT_NE(errorOf({folder.path()}).find("no pictures in folder"), std::string::npos);
  EXPECT_NE(errorOf({folder.write("l.csv", "a,b")}).find("labels are given as --labels="), std::string::npos);
  EXPECT_NE(errorOf({folder.write("x.npy", "abc")}).find("not an .npy file"), std::string::npos);
}

TEST(Inputs, NegativeTensors) {
  test::TemporaryFolder folder;
  EXPECT_NE(errorOf({writeTensor(folder, "a.safetensors", 1, "images")}).find("expected a tensor 'input'"),
            std::string::npos);
  EXPECT_NE(errorOf({writeTensor(folder, "b.safetensors", 0)}).find("there are no images"),
            std::string::npos);

  std::vector<float> values(4);
  TensorToWrite flat{"input", ElementType::F32, {1, 4}, std::as_bytes(std::span(values))};
  ASSERT_TRUE(writeSafetensors(folder.file("c.safetensors"), std::span(&flat, 1)).ok());
  EXPECT_NE(
      errorOf({folder.file("c.safetensors")}).find("expected images of shape [N, C, H, W], found [1, 4]"),
      std::string::npos);

  std::vector<uint8_t> bytes(12);
  TensorToWrite integers{"input", ElementType::I8, {1, 3, 2, 2}, std::as_bytes(std::span(bytes))};
  ASSERT_TRUE(writeSafetensors(folder.file("d.safetensors"), std::span(&integers, 1)).ok());
  EXPECT_NE(errorOf({folder.file("d.safetensors")})
                .find("expected a tensor of floats (normalised images) or of U8 (pictures), found I8"),
            std::string::npos);
  TensorToWrite flatBytes{"input", ElementType::U8, {4, 3}, std::as_bytes(std::span(bytes))};
  ASSERT_TRUE(writeSafetensors(folder.file("g.safetensors"), std::span(&flatBytes, 1)).ok());
  EXPECT_NE(
      errorOf({folder.file("g.safetensors")}).find("expected pictures of shape [N, H, W, C], found [4, 3]"),
      std::string::npos);

  StatusOr<InputList> two = InputList::collect(
      {writeTensor(folder, "e.safetensors", 1), writeTensor(folder, "f.safetensors", 1, "input", 3)});
  ASSERT_TRUE(two.ok());
  EXPECT_NE(two->tensorShape().status().message().find("must have one size"), std::string::npos);
}
