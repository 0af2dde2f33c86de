//===- LZ4.cpp - One LZ4 block --------------------------------------------------------===//
//
// Source: the LZ4 block format description, https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
//
//===----------------------------------------------------------------------===//

#include "mv/PTXSim/Driver/Fatbin.h"

namespace mv::ptxsim {
namespace {

/// Reads the block's bytes; every read past the end is remembered instead of made.
class Reader {
public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  bool failed() const { return failed_; }
  bool atEnd() const { return position_ == bytes_.size(); }

  uint8_t byte() {
    if (position_ == bytes_.size()) {
      failed_ = true;
      return 0;
    }
    return static_cast<uint8_t>(bytes_[position_++]);
  }

  /// A length whose first four bits were 15 goes on in bytes that are added up until one is not 255.
  size_t length(size_t nibble) {
    size_t total = nibble;
    if (nibble != 15)
      return total;
    for (uint8_t next = 255; next == 255 && !failed_;)
      total += next = byte();
    return total;
  }

  std::span<const std::byte> take(size_t count) {
    if (count > bytes_.size() - position_) {
      failed_ = true;
      return {};
    }
    position_ += count;
    return bytes_.subspan(position_ - count, count);
  }

private:
  std::span<const std::byte> bytes_;
  size_t position_ = 0;
  bool failed_ = false;
};

} // namespace

StatusOr<std::string> decompressLZ4(std::span<const std::byte> block, size_t size) {
  constexpr size_t minimumMatch = 4;
  Status broken = Status::invalidInput("LZ4 block is damaged");
  Reader reader(block);
  std::string out;
  while (!reader.atEnd()) {
    uint8_t token = reader.byte();
    std::span<const std::byte> literals = reader.take(reader.length(token >> 4));
    if (reader.failed() || literals.size() > size - out.size())
      return broken;
    out.append(reinterpret_cast<const char *>(literals.data()), literals.size());
    if (reader.atEnd())
      break; // The last sequence has literals only.
    size_t distance = reader.byte();
    distance |= static_cast<size_t>(reader.byte()) << 8;
    size_t match = reader.length(token & 15) + minimumMatch;
    if (reader.failed() || distance == 0 || distance > out.size() || match > size - out.size())
      return broken;
    // Byte by byte: a match may overlap what it produces.
    for (size_t from = out.size() - distance, end = from + match; from != end; ++from)
      out.push_back(out[from]);
  }
  if (out.size() != size)
    return Status::invalidInput("LZ4 block: expected " + std::to_string(size) + " bytes, found " +
                                std::to_string(out.size()));
  return out;
}

} // namespace mv::ptxsim
