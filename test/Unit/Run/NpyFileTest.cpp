//===- NpyFileTest.cpp - Arrays written by numpy.save ---------------------------===//

#include "NpyFile.h"

#include <cstring>
#include <gtest/gtest.h>

using namespace mv;
using namespace mv::run;

/// A file as NumPy lays it out, with this dictionary as header.
static std::string npy(const std::string &dictionary, std::string_view data, char version = 1) {
  std::string header = dictionary + "\n";
  std::string file = std::string("\x93NUMPY") + version + '\0';
  for (size_t i = 0; i < (version == 1 ? 2 : 4); ++i)
    file += static_cast<char>(header.size() >> (8 * i) & 0xFF);
  return file + header + std::string(data);
}

static StatusOr<NpyFile> parse(const std::string &file) {
  return NpyFile::parse({reinterpret_cast<const std::byte *>(file.data()), file.size()}, "x.npy");
}

static std::string errorOf(const std::string &file) {
  StatusOr<NpyFile> result = parse(file);
  return result.ok() ? "" : result.status().message();
}

template <typename T> static std::string bytesOf(std::initializer_list<T> values) {
  return {reinterpret_cast<const char *>(values.begin()), values.size() * sizeof(T)};
}

/// Versions 1 to 3 and the three widths of float, as NumPy 2 writes the header.
TEST(NpyFile, ReadsFloats) {
  struct Case {
    const char *descr;
    std::string data;
  };
  const Case cases[] = {{"<f4", bytesOf<float>({1.5f, -2})},
                        {"<f8", bytesOf<double>({1.5, -2})},
                        {"<f2", bytesOf<uint16_t>({0x3E00, 0xC000})}};
  for (const Case &test : cases)
    for (char version : {1, 2, 3}) {
      std::string text =
          "{'descr': '" + std::string(test.descr) + "', 'fortran_order': False, 'shape': (1, 2), }   ";
      std::string file = npy(text, test.data, version);
      StatusOr<NpyFile> result = parse(file);
      ASSERT_TRUE(result.ok()) << result.status().message();
      EXPECT_EQ(result->array().shape, (std::vector<int64_t>{1, 2}));
      float values[2];
      result->array().readFloats(0, values);
      EXPECT_EQ(values[0], 1.5f);
      EXPECT_EQ(values[1], -2.0f);
    }
}

TEST(NpyFile, ReadsBytes) {
  std::string file =
      npy("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 3), }", std::string("\x01\x80\xFF"));
  StatusOr<NpyFile> result = parse(file);
  ASSERT_TRUE(result.ok()) << result.status().message();
  EXPECT_EQ(result->array().type, ElementType::U8);
  EXPECT_EQ(result->array().at(1), 128);
  EXPECT_EQ(result->array().at(2), 255);
}

/// A scalar and a vector: Python writes tuples of none and of one in their own ways.
TEST(NpyFile, ReadsShapes) {
  std::string scalar = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (), }", bytesOf<float>({1}));
  EXPECT_EQ(parse(scalar)->array().shape, std::vector<int64_t>{});
  std::string vector =
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", bytesOf<float>({1, 2}));
  EXPECT_EQ(parse(vector)->array().shape, std::vector<int64_t>{2});
}

TEST(NpyFile, NegativeOtherArrays) {
  std::string four = bytesOf<float>({1});
  EXPECT_EQ(errorOf(npy("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", four)),
            "'x.npy': expected elements of type <f4 (or <f2, <f8), or |u1 for pictures, found '>f4'; save "
            "the normalised images as array.astype('<f4')");
  EXPECT_NE(errorOf(npy("{'descr': '<u2', 'fortran_order': False, 'shape': (4,), }", four)).find("'<u2'"),
            std::string::npos);
  EXPECT_NE(
      errorOf(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }", four)).find("Fortran order"),
      std::string::npos);
}

TEST(NpyFile, NegativeSizes) {
  EXPECT_EQ(errorOf(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", bytesOf<float>({1}))),
            "'x.npy': shape [2] of <f4 needs 8 bytes, but 4 follow the header");
  std::string huge = "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }";
  EXPECT_NE(errorOf(npy(huge, "")).find("too large"), std::string::npos);
}

/// Headers that are no such dictionary, and every way to cut a good file.
TEST(NpyFile, NegativeDamaged) {
  for (const char *header :
       {"", "{", "{}", "[1]", "{'descr': '<f4'}", "{'descr': <f4, 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}"})
    EXPECT_NE(errorOf(npy(header, bytesOf<float>({1}))).find("unreadable .npy header"), std::string::npos)
        << header;

  std::string good = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", bytesOf<float>({1}));
  EXPECT_EQ(errorOf(good), "");
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_NE(errorOf(good.substr(0, size)), "") << size;
  EXPECT_NE(errorOf(good + "x"), "");
}
