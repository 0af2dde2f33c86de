//===- LabelsTest.cpp - The right answers, for --labels -------------------------===//

#include "Labels.h"
#include "Support/TemporaryFolder.h"

#include <gtest/gtest.h>

using namespace mv;
using namespace mv::run;

static std::string errorOf(const Status &status) { return status.ok() ? "" : status.message(); }

static std::vector<std::pair<std::string, std::string>> rowsOf(std::string_view text) {
  StatusOr<LabelFile> file = LabelFile::parse(text, "l.csv");
  EXPECT_TRUE(file.ok()) << file.status().message();
  std::vector<std::pair<std::string, std::string>> result;
  if (file.ok())
    for (const LabelFile::Row &row : file->rows())
      result.emplace_back(row.picture, row.label);
  return result;
}

/// Files are empty; only their names matter here.
static InputList collect(const test::TemporaryFolder &folder, const std::vector<std::string> &names) {
  std::vector<std::string> paths;
  for (const std::string &name : names)
    paths.push_back(folder.write(name, "x"));
  StatusOr<InputList> list = InputList::collect(paths);
  EXPECT_TRUE(list.ok()) << list.status().message();
  return std::move(*list);
}

/// Headings, quotes, commas in labels, line ends of Windows, byte-order mark, empty lines.
TEST(Labels, ParseRows) {
  using Rows = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(rowsOf("picture,label\na.png,1\n"), (Rows{{"a.png", "1"}}));
  EXPECT_EQ(rowsOf("\xEF\xBB\xBFpicture,label\r\na.png,1\r\n\r\nb.png,2"),
            (Rows{{"a.png", "1"}, {"b.png", "2"}}));
  EXPECT_EQ(rowsOf("a.png,tench, Tinca tinca"), (Rows{{"a.png", "tench, Tinca tinca"}}));
  EXPECT_EQ(rowsOf(R"("a,b.png" , "say ""cheese""")"), (Rows{{"a,b.png", R"(say "cheese")"}}));
}

TEST(Labels, NegativeParseRows) {
  for (const char *text : {"a.png", "a.png,", ",1", "\"a.png,1", "a.png,\"1\" 2"})
    EXPECT_NE(
        errorOf(LabelFile::parse(text, "l.csv").status()).find("'l.csv', line 1: expected picture,label"),
        std::string::npos)
        << text;
  EXPECT_NE(errorOf(LabelFile::parse("picture,label\n", "l.csv").status()).find("found none"),
            std::string::npos);
}

/// Paths are relative to the file, however the inputs are spelled; labels are indices or names.
TEST(Labels, ClassesOfFile) {
  test::TemporaryFolder folder;
  InputList inputs = collect(folder, {"p/b.jpg", "p/a.jpg"});
  std::string path = folder.write("p/l.csv", "./a.jpg,Dress\nb.jpg,0\n" + folder.file("other.jpg") + ",1\n");
  StatusOr<LabelFile> file = LabelFile::open(path);
  ASSERT_TRUE(file.ok()) << file.status().message();
  StatusOr<std::vector<int>> classes = file->classesOf(inputs, ClassNames(2, {"shirt", "dress"}));
  ASSERT_TRUE(classes.ok()) << classes.status().message();
  EXPECT_EQ(*classes, (std::vector<int>{0, 1}));
}

TEST(Labels, NegativeClassesOfFile) {
  test::TemporaryFolder folder;
  InputList inputs = collect(folder, {"a.jpg"});
  auto message = [&](const std::string &text) {
    StatusOr<LabelFile> file = LabelFile::open(folder.write("l.csv", text));
    return errorOf(file->classesOf(inputs, ClassNames(2, {"shirt", "dress"})).status());
  };
  EXPECT_NE(message("b.jpg,1").find("no row for the picture"), std::string::npos);
  EXPECT_NE(message("a.jpg,2").find("line 1: expected a class index from 0 to 1, found '2'"),
            std::string::npos);
  EXPECT_NE(message("a.jpg,hat").find("no class 'hat'"), std::string::npos);
  EXPECT_NE(message("a.jpg,1\n./a.jpg,0").find("line 2: './a.jpg' has the label '0', but '1' in line 1"),
            std::string::npos);
}

/// Each rule for folders, with the data it is for.
TEST(Labels, ClassesByFolder) {
  test::TemporaryFolder folder;
  ClassNames names(3, {"T-shirt/top", "Dress", "Ankle boot"});
  EXPECT_EQ(*classesByFolder(collect(folder, {"2-ankle-boot/a.png", "0/b.png"}), names),
            (std::vector<int>{2, 0}));
  EXPECT_EQ(*classesByFolder(collect(folder, {"dress/a.png", "t-shirt-top/b.png"}), names),
            (std::vector<int>{1, 0}));
  EXPECT_EQ(*classesByFolder(collect(folder, {"n02/a.png", "n01/b.png", "n03/c.png"}), names),
            (std::vector<int>{1, 0, 2}));
}

TEST(Labels, NegativeClassesByFolder) {
  test::TemporaryFolder folder;
  ClassNames names(3, {"T-shirt/top", "Dress", "Ankle boot"});
  auto message = [&](const std::vector<std::string> &files) {
    return errorOf(classesByFolder(collect(folder, files), names).status());
  };
  // The sorted order of a part of the classes says nothing.
  EXPECT_NE(message({"n01/a.png", "n02/b.png"}).find("2 folders for 3 classes"), std::string::npos);
  EXPECT_NE(message({"3/a.png"}).find("from 0 to 2"), std::string::npos);
  EXPECT_NE(
      message({"1-t-shirt-top/a.png"}).find("the number says class 1, but the model calls class 0 that"),
      std::string::npos);
}
