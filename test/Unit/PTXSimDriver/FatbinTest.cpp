//===- FatbinTest.cpp - Fat binaries and what is compressed in them ------------------------===//

#include "mv/PTXSim/Driver/Fatbin.h"

#include <gtest/gtest.h>

#include <cstring>

using namespace mv;
using namespace mv::ptxsim;

namespace {

void append(std::string &out, const void *data, size_t bytes) {
  out.append(static_cast<const char *>(data), bytes);
}
template <typename T> void append(std::string &out, T value) { append(out, &value, sizeof(value)); }

/// An entry as Fatbin.h lays it out.
std::string entry(uint16_t kind, uint32_t architecture, const std::string &payload, uint64_t flags = 0,
                  uint64_t decompressed = 0) {
  std::string out;
  size_t padded = (payload.size() + 7) / 8 * 8;
  append<uint16_t>(out, kind);
  append<uint16_t>(out, 0x0101);
  append<uint32_t>(out, 64);
  append<uint64_t>(out, padded);
  append<uint32_t>(out, decompressed ? uint32_t(payload.size()) : 0);
  append<uint32_t>(out, 64);
  append<uint16_t>(out, 0);
  append<uint16_t>(out, 8);
  append<uint32_t>(out, architecture);
  append<uint64_t>(out, 0);
  append<uint64_t>(out, flags);
  append<uint64_t>(out, 0);
  append<uint64_t>(out, decompressed);
  return out + payload + std::string(padded - payload.size(), '\0');
}

std::string fatbin(const std::string &entries) {
  std::string out;
  append<uint32_t>(out, 0xBA55ED50);
  append<uint16_t>(out, 1);
  append<uint16_t>(out, 16);
  append<uint64_t>(out, entries.size());
  return out + entries;
}

std::span<const std::byte> bytesOf(const std::string &text) { return std::as_bytes(std::span(text)); }

// The image kinds, from their first bytes.
TEST(Fatbin, Classify) {
  EXPECT_EQ(classifyImage(".version 7.0"), ImageKind::Text);
  EXPECT_EQ(classifyImage("\n// comment"), ImageKind::Text);
  EXPECT_EQ(classifyImage("\x7f"
                          "ELF"),
            ImageKind::Elf);
  EXPECT_EQ(classifyImage(fatbin("").data()), ImageKind::Fatbin);
  EXPECT_EQ(classifyImage("\xb1\x43\x62\x46"), ImageKind::Wrapper);
  EXPECT_EQ(classifyImage("\x02\x03"), ImageKind::Unknown);
}

// The newest PTX that is not newer than the device is chosen, and machine code never.
TEST(Fatbin, Choose) {
  std::string image =
      fatbin(entry(2, 80, "code") + entry(1, 70, ".old") + entry(1, 80, ".mid") + entry(1, 90, ".new"));
  EXPECT_EQ(fatbinSize(image.data()), image.size());
  StatusOr<std::vector<FatbinEntry>> entries = parseFatbin(bytesOf(image));
  ASSERT_TRUE(entries.ok());
  ASSERT_EQ(entries->size(), 4u);
  EXPECT_EQ(*readPTX(*choosePTX(*entries, 80)), ".mid");
  EXPECT_EQ(*readPTX(*choosePTX(*entries, 86)), ".mid");
  EXPECT_EQ(*readPTX(*choosePTX(*entries, 100)), ".new");
  EXPECT_FALSE(choosePTX(*entries, 60));
}

// One LZ4 block by hand: four literals, a match of six that overlaps itself, two last literals.
TEST(Fatbin, LZ4) {
  const std::string block("\x42"
                          "abcd"
                          "\x02\x00"
                          "\x20"
                          "xy",
                          10);
  StatusOr<std::string> text = decompressLZ4(bytesOf(block), 12);
  ASSERT_TRUE(text.ok()) << text.status().message();
  EXPECT_EQ(*text, "abcdcdcdcdxy");
  std::string image = fatbin(entry(1, 80, block, 0x2000, 12));
  EXPECT_EQ(*readPTX(parseFatbin(bytesOf(image))->front()), "abcdcdcdcdxy");
}

// Lengths of 15 and more go on in further bytes.
TEST(Fatbin, LZ4LongLengths) {
  std::string block = "\xF0";
  block += '\xFF';
  block += '\x03';
  block += std::string(15 + 255 + 3, 'z');
  EXPECT_EQ(*decompressLZ4(bytesOf(block), 273), std::string(273, 'z'));
}

// A Zstandard frame by hand: a single segment of five bytes, stored as they are. Without libzstd the message
// says what to do.
TEST(Fatbin, Zstandard) {
  const std::string frame("\x28\xB5\x2F\xFD\x20\x05\x29\x00\x00.func", 14);
  StatusOr<std::string> text = readPTX(parseFatbin(bytesOf(fatbin(entry(1, 80, frame, 0x8000, 5))))->front());
  if (text.ok())
    EXPECT_EQ(*text, ".func");
  else
    EXPECT_NE(text.status().message().find("--no-compress"), std::string::npos) << text.status().message();
}

// Damaged blocks: a match before the beginning, a size that does not fit, bytes that end early.
TEST(Fatbin, negative_LZ4) {
  const std::string early("\x10"
                          "a"
                          "\x05\x00",
                          4);
  EXPECT_FALSE(decompressLZ4(bytesOf(early), 5).ok());
  const std::string fine("\x30"
                         "abc",
                         4);
  EXPECT_TRUE(decompressLZ4(bytesOf(fine), 3).ok());
  EXPECT_FALSE(decompressLZ4(bytesOf(fine), 2).ok());
  EXPECT_FALSE(decompressLZ4(bytesOf(fine), 4).ok());
  EXPECT_FALSE(decompressLZ4(bytesOf(fine.substr(0, 2)), 3).ok());
}

// Sizes that leave the file are refused, whatever byte of the headers they are in.
TEST(Fatbin, negative_Sizes) {
  std::string image = fatbin(entry(1, 80, ".version 7.0"));
  for (size_t cut = 0; cut < image.size(); ++cut)
    EXPECT_FALSE(parseFatbin(bytesOf(image.substr(0, cut))).ok()) << cut;
  for (size_t at : {6, 8, 20, 24, 28}) {
    std::string damaged = image;
    damaged[at] = char(0xFF);
    damaged[at + 1] = char(0xFF);
    StatusOr<std::vector<FatbinEntry>> entries = parseFatbin(bytesOf(damaged));
    if (entries.ok())
      for (const FatbinEntry &entry : *entries)
        (void)readPTX(entry); // Must not read outside; a sanitizer sees it.
  }
  EXPECT_FALSE(readPTX({true, 80, 8, 0, 0x100, 10, {}}).ok());
}

} // namespace
