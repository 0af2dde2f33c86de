//===- SafetensorsTest.cpp - The safetensors file format ------------------------===//

#include "mv/Support/Safetensors.h"
#include "Support/TemporaryFolder.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace mv;
using mv::test::TemporaryFolder;

/// A file from its header's text and its data's length.
static std::string fileBytes(const std::string &header, size_t dataBytes) {
  uint64_t size = header.size();
  std::string bytes(reinterpret_cast<const char *>(&size), sizeof(size));
  return bytes + header + std::string(dataBytes, '\x01');
}

static std::string errorOf(const std::string &bytes) {
  auto file = SafetensorsFile::parse(std::as_bytes(std::span(bytes)), "w.safetensors");
  return file.ok() ? "no error" : file.status().message();
}

static std::string errorOf(const std::string &header, size_t dataBytes) {
  return errorOf(fileBytes(header, dataBytes));
}

#define EXPECT_CONTAINS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

TEST(Safetensors, ReadsTensorsSortedByName) {
  std::string bytes = fileBytes(R"({"b":{"dtype":"F32","shape":[2,1],"data_offsets":[1,9]},)"
                                R"("__metadata__":{"format":"pt"},)"
                                R"("a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},)"
                                R"("empty":{"dtype":"F16","shape":[0,3],"data_offsets":[4,4]}})",
                                9);
  float values[] = {1.5f, -2.0f};
  std::memcpy(bytes.data() + bytes.size() - sizeof(values), values, sizeof(values));
  auto file = SafetensorsFile::parse(std::as_bytes(std::span(bytes)), "w.safetensors");
  ASSERT_TRUE(file.ok()) << file.status().message();
  ASSERT_EQ(file->tensors().size(), 3u);
  EXPECT_EQ(file->tensors()[0].name, "a");
  EXPECT_EQ(file->tensors()[2].name, "empty");
  EXPECT_EQ(file->metadata().at("format"), "pt");
  EXPECT_EQ(file->find("c"), nullptr);

  const TensorView *b = file->find("b");
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(b->type, ElementType::F32);
  EXPECT_EQ(b->shape, (std::vector<int64_t>{2, 1}));
  EXPECT_EQ(b->at(1), -2.0);
  float read[2];
  b->readFloats(0, read); // Unaligned: the data starts at an odd address.
  EXPECT_EQ(read[0], 1.5f);
  EXPECT_EQ(file->find("a")->at(0), 1.0);
  EXPECT_EQ(file->find("a")->elementCount(), 1);
  EXPECT_EQ(file->find("empty")->elementCount(), 0);
}

/// Value of a half by its definition.
static double halfByDefinition(uint16_t bits) {
  int exponent = (bits >> 10) & 31, mantissa = bits & 1023;
  double sign = bits & 0x8000 ? -1.0 : 1.0;
  if (exponent == 31)
    return mantissa ? NAN : sign * INFINITY;
  return sign * (exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25));
}

// All 65,536 halves, subnormals and signed zeros included.
TEST(Safetensors, HalfToFloatIsExact) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    double expected = halfByDefinition(uint16_t(bits));
    float value = halfToFloat(uint16_t(bits));
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(value)) << bits;
      continue;
    }
    ASSERT_EQ(value, expected) << bits;
    ASSERT_EQ(std::signbit(value), std::signbit(expected)) << bits;
  }
}

TEST(Safetensors, BFloat16ToFloat) {
  EXPECT_EQ(bfloat16ToFloat(0x3f80), 1.0f);
  EXPECT_EQ(bfloat16ToFloat(0xc049), -3.140625f);
  EXPECT_TRUE(std::isinf(bfloat16ToFloat(0x7f80)));
}

/// A tensor over `values`.
template <typename T> static TensorView view(ElementType type, std::span<const T> values) {
  return {"t", type, {int64_t(values.size())}, std::as_bytes(values)};
}

// The float types convert, from any element on; F64 is rounded to nearest even.
TEST(Safetensors, ReadFloatsConverts) {
  float out[2];
  const uint16_t halves[] = {0x3c00, 0xc000, 0x0001};
  view<uint16_t>(ElementType::F16, halves).readFloats(1, out);
  EXPECT_EQ(out[0], -2.0f);
  EXPECT_EQ(out[1], 0x1p-24f);
  view<uint16_t>(ElementType::BF16, halves).readFloats(0, out);
  EXPECT_EQ(out[0], 0x1p-7f);
  const double doubles[] = {1.0 + 0x1p-24, 1.0 + 0x1.8p-23};
  view<double>(ElementType::F64, doubles).readFloats(0, out);
  EXPECT_EQ(out[0], 1.0f);
  EXPECT_EQ(out[1], 1.0f + 0x1p-22f);
}

// Every type at() promises, with a value whose sign and width matter.
TEST(Safetensors, AtReadsEveryType) {
  const uint64_t ones[] = {~uint64_t(0)};
  EXPECT_EQ(view<uint64_t>(ElementType::I64, ones).at(0), -1.0);
  EXPECT_EQ(view<uint64_t>(ElementType::U64, ones).at(0), 0x1p64);
  const uint32_t word[] = {~uint32_t(0)};
  EXPECT_EQ(view<uint32_t>(ElementType::I32, word).at(0), -1.0);
  EXPECT_EQ(view<uint32_t>(ElementType::U32, word).at(0), 4294967295.0);
  const uint16_t half[] = {0xffff};
  EXPECT_EQ(view<uint16_t>(ElementType::I16, half).at(0), -1.0);
  EXPECT_EQ(view<uint16_t>(ElementType::U16, half).at(0), 65535.0);
  const uint8_t byte[] = {0xff};
  EXPECT_EQ(view<uint8_t>(ElementType::I8, byte).at(0), -1.0);
  EXPECT_EQ(view<uint8_t>(ElementType::U8, byte).at(0), 255.0);
  const double pi[] = {3.25};
  EXPECT_EQ(view<double>(ElementType::F64, pi).at(0), 3.25);
}

//===----------------------------------------------------------------------===//
// Errors, one per case
//===----------------------------------------------------------------------===//

TEST(Safetensors, negative_TooShort) {
  EXPECT_EQ(errorOf(std::string("PK")),
            "'w.safetensors': expected a safetensors file, at least 8 bytes, found 2");
}

TEST(Safetensors, negative_NotSafetensors) {
  EXPECT_CONTAINS(errorOf(std::string("\x80\x02}q\x00(X\x05more", 12)), "this is no safetensors file");
}

TEST(Safetensors, negative_TruncatedHeader) {
  std::string bytes = fileBytes(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1);
  EXPECT_CONTAINS(errorOf(bytes.substr(0, 30)), "the file is truncated");
}

TEST(Safetensors, negative_TruncatedData) {
  EXPECT_EQ(errorOf(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 7),
            "'w.safetensors': tensor 'a' ends at byte 8 of the data, which has 7; "
            "the file is truncated or damaged, fetch it again");
}

TEST(Safetensors, negative_HeaderIsNoJson) {
  EXPECT_CONTAINS(errorOf("{\"a\":", 0), "'w.safetensors': header: not valid JSON");
  EXPECT_CONTAINS(errorOf("[1]", 0), "expected the header to be a JSON object, found type array");
}

TEST(Safetensors, negative_DuplicateTensor) {
  EXPECT_EQ(errorOf(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                    R"("a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                    2),
            "'w.safetensors': header: the key 'a' appears twice in one object; expected once");
}

TEST(Safetensors, negative_OverlappingTensors) {
  EXPECT_EQ(errorOf(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                    R"("b":{"dtype":"U8","shape":[4],"data_offsets":[3,7]}})",
                    7),
            "'w.safetensors': tensors 'a' and 'b' overlap: the second begins at byte 3 of the data, "
            "the first ends at 4");
  // One inside the other, with a third between them in the order of names.
  EXPECT_CONTAINS(errorOf(R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},)"
                          R"("b":{"dtype":"U8","shape":[1],"data_offsets":[8,9]},)"
                          R"("c":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})",
                          9),
                  "tensors 'a' and 'c' overlap");
}

TEST(Safetensors, negative_HolesAndTrailingBytes) {
  EXPECT_CONTAINS(errorOf(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})", 3),
                  "bytes 0 to 2 of the data, before tensor 'a', belong to no tensor");
  EXPECT_CONTAINS(errorOf(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 3),
                  "expected the data to end with the last tensor at byte 1, found 3 bytes");
}

TEST(Safetensors, negative_SizeContradictsShape) {
  EXPECT_EQ(errorOf(R"({"a":{"dtype":"F16","shape":[3],"data_offsets":[0,8]}})", 8),
            "'w.safetensors': tensor 'a' of type F16 and shape [3] needs 6 bytes, but 'data_offsets' hold 8");
}

TEST(Safetensors, negative_SizeOverflows) {
  EXPECT_CONTAINS(errorOf(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0),
                  "is larger than any file");
  EXPECT_CONTAINS(
      errorOf(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}})", 0),
      "is larger than any file");
}

TEST(Safetensors, negative_MissingOrMistypedFields) {
  EXPECT_CONTAINS(errorOf(R"({"a":{"shape":[1],"data_offsets":[0,1]}})", 1),
                  "tensor 'a' has no string 'dtype'");
  EXPECT_CONTAINS(errorOf(R"({"a":{"dtype":"F4","shape":[1],"data_offsets":[0,1]}})", 1),
                  "unknown dtype 'F4'");
  EXPECT_CONTAINS(errorOf(R"({"a":{"dtype":"U8","data_offsets":[0,1]}})", 1),
                  "tensor 'a' has no list 'shape'");
  EXPECT_CONTAINS(errorOf(R"({"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}})", 1),
                  "expected 'shape' to hold non-negative integers, found '[-1]'");
  EXPECT_CONTAINS(errorOf(R"({"a":{"dtype":"U8","shape":[1]}})", 1), "found 'nothing'");
  EXPECT_CONTAINS(errorOf(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}})", 1), "found '[1,0]'");
  EXPECT_CONTAINS(errorOf(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}})", 1),
                  "found '[0,1,2]'");
  EXPECT_CONTAINS(errorOf(R"({"a":3})", 0), "tensor 'a' has no string 'dtype'");
  EXPECT_CONTAINS(errorOf(R"({"__metadata__":{"x":1}})", 0), "but 'x' is of type number");
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

// What is written reads back; every tensor lies on a multiple of its element size.
TEST(Safetensors, WritesWhatItReads) {
  TemporaryFolder folder;
  const float floats[] = {1, 2, 3, 4, 5, 6};
  const uint16_t halves[] = {0x3c00};
  const int64_t integers[] = {-7, 9};
  std::string odd = "\xc3\xa4 \"quoted\"\n";
  TensorToWrite tensors[] = {
      {"h", ElementType::F16, {1}, std::as_bytes(std::span(halves))},
      {odd, ElementType::F32, {2, 3}, std::as_bytes(std::span(floats))},
      {"i", ElementType::I64, {2}, std::as_bytes(std::span(integers))},
      {"none", ElementType::F32, {0}, {}},
  };
  Status status = writeSafetensors(folder.file("w"), tensors, {{"format", "pt"}, {"note", odd}});
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(folder.entries(), 1u);

  auto file = SafetensorsFile::open(folder.file("w"));
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(file->metadata().at("note"), odd);
  ASSERT_EQ(file->tensors().size(), 4u);
  for (const TensorToWrite &tensor : tensors) {
    const TensorView *read = file->find(tensor.name);
    ASSERT_NE(read, nullptr) << tensor.name;
    EXPECT_EQ(read->type, tensor.type);
    EXPECT_EQ(read->shape, tensor.shape);
    ASSERT_EQ(read->data.size(), tensor.data.size());
    EXPECT_TRUE(std::equal(read->data.begin(), read->data.end(), tensor.data.begin()));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(read->data.data()) % elementSize(read->type), 0u) << tensor.name;
  }
}

TEST(Safetensors, negative_WriterRefusesContradictions) {
  TemporaryFolder folder;
  const float floats[] = {1, 2};
  auto data = std::as_bytes(std::span(floats));
  TensorToWrite wrongSize[] = {{"a", ElementType::F32, {3}, data}};
  EXPECT_CONTAINS(writeSafetensors(folder.file("w"), wrongSize).message(), "needs 12 bytes, found 8");
  TensorToWrite twice[] = {{"a", ElementType::F32, {2}, data}, {"a", ElementType::I64, {1}, data}};
  EXPECT_CONTAINS(writeSafetensors(folder.file("w"), twice).message(), "tensor 'a' is to be written twice");
  EXPECT_EQ(folder.entries(), 0u);
}
