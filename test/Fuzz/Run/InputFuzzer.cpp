//===- InputFuzzer.cpp - Any bytes as .npy file and as label file ---------------===//
//
// Whatever the bytes, the readers return what they promise, or an error of one line.
//
//===----------------------------------------------------------------------===//

#include "Labels.h"
#include "NpyFile.h"

#include <cstdlib>

using namespace mv;
using namespace mv::run;

static void checkError(const Status &status) {
  if (status.message().empty() || status.message().find('\n') != std::string::npos)
    std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::span<const std::byte> bytes(reinterpret_cast<const std::byte *>(data), size);
  StatusOr<NpyFile> array = NpyFile::parse(bytes, "input");
  if (!array.ok())
    checkError(array.status());
  else if (int64_t count = array->array().elementCount(); count > 0) {
    float last = 0;
    array->array().readFloats(count - 1, {&last, 1});
  }

  StatusOr<LabelFile> labels = LabelFile::parse({reinterpret_cast<const char *>(data), size}, "input");
  if (!labels.ok())
    checkError(labels.status());
  else if (labels->rows().empty())
    std::abort();
  return 0;
}
