//===- Faults.cpp - What can be wrong with a machine ----------------*- C++ -*-===//

#include "mv/PTXSim/Faults.h"

#include <charconv>

namespace mv::ptxsim {
namespace {

/// Takes a number from the front of `text`.
template <typename T> bool takeNumber(std::string_view &text, T &value) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc())
    return false;
  text.remove_prefix(size_t(end - text.data()));
  return true;
}

Status expected(std::string_view what, std::string_view found) {
  return Status::invalidInput("expected " + std::string(what) + ", found '" + std::string(found) + "'");
}

} // namespace

StatusOr<uint64_t> parseMemorySize(std::string_view text) {
  std::string_view rest = text;
  uint64_t value = 0;
  unsigned shift = 0;
  bool fine = takeNumber(rest, value) && rest.size() <= 1;
  if (fine && !rest.empty()) {
    size_t unit = std::string_view("KMG").find(rest.front());
    fine = unit != std::string_view::npos;
    shift = fine ? 10 * unsigned(unit + 1) : 0;
  }
  constexpr uint64_t most = uint64_t(1) << 40;
  if (!fine || value == 0 || value > most >> shift)
    return expected("a size of 1 byte to 1024G such as 64M (K, M and G are powers of 1024)", text);
  return value << shift;
}

StatusOr<int> parseDriverVersion(std::string_view text) {
  std::string_view rest = text;
  unsigned major = 0, minor = 0;
  if (takeNumber(rest, major) && rest.starts_with('.')) {
    rest.remove_prefix(1);
    if (takeNumber(rest, minor) && rest.empty() && major >= 10 && major < 100 && minor < 10)
      return int(major * 1000 + minor * 10);
  }
  return expected("a version of CUDA from 10.0 on such as 11.4", text);
}

StatusOr<LostDevice> parseLostDevice(std::string_view text) {
  std::string_view rest = text;
  LostDevice lost;
  if (takeNumber(rest, lost.launch) && lost.launch > 0) {
    lost.memory = rest == ":ecc";
    if (lost.memory || rest.empty())
      return lost;
  }
  return expected("the number of a launch, from 1 on, and perhaps :ecc, such as 12 or 12:ecc", text);
}

unsigned newestPTX(int driverVersion) {
  int major = driverVersion / 1000, minor = driverVersion % 1000 / 10;
  switch (major) {
  case 10: // 6.3 came with CUDA 10.0, and a new one with each release until 12.5 ...
    return unsigned(63 + minor);
  case 11:
    return unsigned(70 + minor);
  case 12: // ... which 12.6 repeated.
    return unsigned(80 + minor - (minor > 5));
  default:
    return unsigned(10 * (major - 4) + minor);
  }
}

} // namespace mv::ptxsim
