//===- Builtins.cpp - Functions the device runtime provides ---------*- C++ -*-===//
//
// CUDA C++ Programming Guide, "Formatted Output", "Assertion" and "Dynamic Global Memory Allocation".
// Arguments stand in the caller's frame, as for any call.
//
//===----------------------------------------------------------------------===//

#include "PTXSim/Machine/Builtins.h"
#include "PTXSim/Machine/Access.h"

#include <cstdio>
#include <string>

namespace mv::ptxsim {
namespace {

uint64_t argument(Warp &warp, const Inst &inst, unsigned lane, size_t index) {
  const CallSite &site = warp.program->callSites[inst.aux];
  if (index >= site.arguments.size())
    return 0;
  uint64_t value = 0;
  const FrameVariable &place = site.arguments[index];
  std::memcpy(&value, warp.local + uint64_t(warp.program->localBytes) * lane + warp.frameBase + place.offset,
              std::min<uint32_t>(place.bytes, 8));
  return value;
}

void setResult(Warp &warp, const Inst &inst, unsigned lane, uint64_t value) {
  const CallSite &site = warp.program->callSites[inst.aux];
  if (site.results.empty())
    return;
  const FrameVariable &place = site.results[0];
  std::memcpy(warp.local + uint64_t(warp.program->localBytes) * lane + warp.frameBase + place.offset, &value,
              std::min<uint32_t>(place.bytes, 8));
}

std::string readText(Warp &warp, unsigned lane, uint64_t address) {
  std::string text;
  while (text.size() < 65536) {
    const uint8_t *byte = hostPointer(warp, lane, address + text.size(), 1);
    if (!byte || *byte == 0)
      break;
    text += char(*byte);
  }
  return text;
}

/// Arguments of vprintf: 8-byte slots for 64-bit values and doubles, 4-byte slots for the rest.
class ArgumentReader {
public:
  ArgumentReader(Warp &warp, unsigned lane, uint64_t buffer) : warp_(warp), lane_(lane), buffer_(buffer) {}
  uint64_t next(unsigned bytes) {
    offset_ = (offset_ + bytes - 1) / bytes * bytes;
    uint64_t value = 0;
    if (const uint8_t *from = buffer_ ? hostPointer(warp_, lane_, buffer_ + offset_, bytes) : nullptr)
      std::memcpy(&value, from, bytes);
    offset_ += bytes;
    return value;
  }

private:
  Warp &warp_;
  unsigned lane_;
  uint64_t buffer_;
  unsigned offset_ = 0;
};

/// One conversion, with the host's printf; the specification is rebuilt from characters known to be harmless.
std::string formatOne(Warp &warp, unsigned lane, const std::string &flags, bool isLong, char conversion,
                      ArgumentReader &arguments) {
  char text[512];
  std::string spec = "%" + flags;
  switch (conversion) {
  case 'd':
  case 'i': {
    int64_t value = isLong ? int64_t(arguments.next(8)) : int32_t(arguments.next(4));
    std::snprintf(text, sizeof(text), (spec + "lld").c_str(), static_cast<long long>(value));
    return text;
  }
  case 'u':
  case 'x':
  case 'X':
  case 'o': {
    uint64_t value = arguments.next(isLong ? 8 : 4);
    std::snprintf(text, sizeof(text), (spec + "ll" + conversion).c_str(),
                  static_cast<unsigned long long>(value));
    return text;
  }
  case 'c':
    return std::string(1, char(arguments.next(4)));
  case 'p':
    return hexText(arguments.next(8));
  case 's': {
    std::string value = readText(warp, lane, arguments.next(8));
    std::string result(value.size() + 256, '\0');
    int length = std::snprintf(result.data(), result.size(), (spec + "s").c_str(), value.c_str());
    result.resize(size_t(std::max(0, std::min(length, int(result.size()) - 1))));
    return result;
  }
  case 'f':
  case 'F':
  case 'e':
  case 'E':
  case 'g':
  case 'G':
  case 'a':
  case 'A': {
    double value = std::bit_cast<double>(arguments.next(8));
    int length = std::snprintf(text, sizeof(text), (spec + conversion).c_str(), value);
    return std::string(text, size_t(std::max(0, std::min(length, int(sizeof(text)) - 1))));
  }
  default:
    return spec + conversion;
  }
}

std::string formatText(Warp &warp, unsigned lane, const std::string &format, uint64_t buffer) {
  ArgumentReader arguments(warp, lane, buffer);
  std::string out;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      out += format[i];
      continue;
    }
    if (++i < format.size() && format[i] == '%') {
      out += '%';
      continue;
    }
    std::string flags;
    bool isLong = false;
    for (; i < format.size() &&
           std::string_view("-+ #0123456789.*hlLqjzt").find(format[i]) != std::string_view::npos;
         ++i) {
      char c = format[i];
      if (c == '*')
        flags += std::to_string(int32_t(arguments.next(4)) % 256);
      else if (c == 'l' || c == 'j' || c == 'z' || c == 't' || c == 'q')
        isLong = true;
      else if (c != 'h' && c != 'L' && flags.size() < 16)
        flags += c;
    }
    // Widths and precisions of more than three digits would only fill the buffer.
    size_t digits = 0;
    bool harmless = true;
    for (char c : flags) {
      digits = c >= '0' && c <= '9' ? digits + 1 : 0;
      harmless &= digits <= 3;
    }
    if (i < format.size())
      out += formatOne(warp, lane, harmless ? flags : "", isLong, format[i], arguments);
  }
  return out;
}

void handlePrint(Warp &warp, const Inst &inst, uint32_t mask) {
  Launch &launch = *warp.block->launch;
  forLanes(mask, [&](unsigned lane) {
    std::string text = formatText(warp, lane, readText(warp, lane, argument(warp, inst, lane, 0)),
                                  argument(warp, inst, lane, 1));
    {
      std::lock_guard guard(launch.lock);
      if (launch.options.output)
        launch.options.output(text);
      else
        std::fwrite(text.data(), 1, text.size(), stdout);
    }
    setResult(warp, inst, lane, text.size());
  });
}

/// __assertfail(expression, file, line, function, bytes per character)
void handleAssert(Warp &warp, const Inst &inst, uint32_t mask) {
  unsigned lane = unsigned(std::countr_zero(mask));
  auto text = [&](size_t index) { return readText(warp, lane, argument(warp, inst, lane, index)); };
  fault(warp, inst, lane, Error::Assert,
        text(1) + ":" + std::to_string(uint32_t(argument(warp, inst, lane, 2))) + ": " + text(3) +
            ": assertion `" + text(0) + "` failed");
}

void handleMalloc(Warp &warp, const Inst &inst, uint32_t mask) {
  DeviceHeap *heap = warp.block->launch->heap;
  forLanes(mask, [&](unsigned lane) {
    uint64_t bytes = argument(warp, inst, lane, 0), address = heap ? heap->allocate(bytes) : 0;
    if (Allocation *allocation =
            address && warp.checker ? warp.block->launch->memory.find(address, bytes) : nullptr)
      warp.checker->forget(*allocation, address, bytes);
    setResult(warp, inst, lane, address);
  });
}
void handleFree(Warp &warp, const Inst &inst, uint32_t mask) {
  if (DeviceHeap *heap = warp.block->launch->heap)
    forLanes(mask, [&](unsigned lane) { heap->free(argument(warp, inst, lane, 0)); });
}

} // namespace

Handler findBuiltin(std::string_view name) {
  if (name == "vprintf")
    return handlePrint;
  if (name == "__assertfail")
    return handleAssert;
  if (name == "malloc")
    return handleMalloc;
  if (name == "free")
    return handleFree;
  return nullptr;
}

uint64_t DeviceHeap::allocate(uint64_t bytes) {
  std::lock_guard guard(lock_);
  if (bytes == 0 || bytes > (uint64_t(1) << 40))
    return 0;
  bytes = (bytes + 15) / 16 * 16;
  for (auto &[base, size] : free_) {
    if (size < bytes)
      continue;
    uint64_t address = base, rest = size - bytes;
    free_.erase(base);
    if (rest)
      free_[address + bytes] = rest;
    used_[address] = bytes;
    return address;
  }
  return 0;
}

void DeviceHeap::free(uint64_t address) {
  std::lock_guard guard(lock_);
  auto found = used_.find(address);
  if (found == used_.end())
    return;
  uint64_t bytes = found->second;
  used_.erase(found);
  auto next = free_.lower_bound(address);
  if (next != free_.end() && next->first == address + bytes) {
    bytes += next->second;
    next = free_.erase(next);
  }
  if (next != free_.begin()) {
    auto previous = std::prev(next);
    if (previous->first + previous->second == address) {
      previous->second += bytes;
      return;
    }
  }
  free_[address] = bytes;
}

} // namespace mv::ptxsim
