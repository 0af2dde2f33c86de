//===- FuzzSafetensors.cpp - Any bytes as a safetensors file --------------------===//
//
// Reads the input as it is, and again as header text, a line break, data: with the right header length in
// front, so that mutations reach the header's content. Every byte of what is accepted is read.
//
//===----------------------------------------------------------------------===//

#include "mv/Support/Safetensors.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

using namespace mv;

static void require(bool condition) {
  if (!condition)
    std::abort();
}

static double readTensor(const TensorView &tensor) {
  double sum = 0;
  for (std::byte byte : tensor.data)
    sum += double(byte);
  int64_t count = tensor.elementCount();
  require(uint64_t(count) * elementSize(tensor.type) == tensor.data.size());
  bool isNarrow = tensor.type == ElementType::F8E4M3 || tensor.type == ElementType::F8E5M2;
  if (count > 0 && !isNarrow)
    sum += tensor.at(count - 1);
  if (count > 0 && tensor.isFloat()) {
    float values[16];
    std::span<float> out(values, size_t(std::min<int64_t>(count, 16)));
    tensor.readFloats(count - int64_t(out.size()), out);
    sum += out.back();
  }
  return sum;
}

static void parse(std::span<const std::byte> bytes) {
  auto file = SafetensorsFile::parse(bytes, "w.safetensors");
  if (!file.ok()) {
    require(file.status().message().find('\n') == std::string::npos);
    return;
  }
  volatile double sum = 0;
  for (const TensorView &tensor : file->tensors()) {
    sum = sum + readTensor(tensor);
    require(file->find(tensor.name) == &tensor);
  }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto input = std::as_bytes(std::span(data, size));
  parse(input);
  uint64_t headerBytes = uint64_t(std::find(data, data + size, '\n') - data);
  std::vector<std::byte> framed(sizeof(headerBytes) + size);
  std::memcpy(framed.data(), &headerBytes, sizeof(headerBytes));
  std::copy(input.begin(), input.end(), framed.begin() + sizeof(headerBytes));
  // The line break itself is no data.
  if (headerBytes < size)
    framed.erase(framed.begin() + long(sizeof(headerBytes) + headerBytes));
  parse(framed);
  return 0;
}
