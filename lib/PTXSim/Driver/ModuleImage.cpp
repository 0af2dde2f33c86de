//===- ModuleImage.cpp - From what a program loads to PTX --------------------------------===//

#include "ModuleImage.h"

#include "mv/PTXSim/Driver/Fatbin.h"

#include <algorithm>
#include <cstring>

namespace mv::ptxsim::driver {
namespace {

CUresult readFatbin(const void *image, const DeviceProfile &profile, std::string &ptx, std::string &log) {
  StatusOr<std::vector<FatbinEntry>> entries =
      parseFatbin({static_cast<const std::byte *>(image), fatbinSize(image)});
  if (!entries.ok()) {
    log = entries.status().message();
    return CUDA_ERROR_INVALID_IMAGE;
  }
  std::optional<FatbinEntry> entry = choosePTX(*entries, profile.computeCapability());
  if (!entry) {
    std::string found;
    for (const FatbinEntry &other : *entries)
      found += (found.empty() ? "" : ", ") +
               std::string(other.isPTX ? "PTX for compute_" : "machine code for sm_") +
               std::to_string(other.architecture);
    log = "module has no PTX that " + std::string(profile.name) + " can run: expected PTX for compute_" +
          std::to_string(profile.computeCapability()) + " or older, found " +
          (found.empty() ? "nothing" : found) + "; compile with -gencode arch=compute_80,code=compute_80";
    return CUDA_ERROR_NO_BINARY_FOR_GPU;
  }
  StatusOr<std::string> text = readPTX(*entry);
  if (!text.ok()) {
    log = text.status().message();
    return CUDA_ERROR_INVALID_IMAGE;
  }
  ptx = std::move(*text);
  return CUDA_SUCCESS;
}

} // namespace

CUresult readImage(const void *image, const DeviceProfile &profile, std::string &ptx, std::string &log) {
  switch (classifyImage(image)) {
  case ImageKind::Text:
    ptx = static_cast<const char *>(image);
    return CUDA_SUCCESS;
  case ImageKind::Fatbin:
    return readFatbin(image, profile, ptx, log);
  case ImageKind::Wrapper: {
    const void *fatbin = wrappedFatbin(image);
    if (fatbin && classifyImage(fatbin) == ImageKind::Fatbin)
      return readFatbin(fatbin, profile, ptx, log);
    log = "module's wrapper points at no fat binary";
    return CUDA_ERROR_INVALID_IMAGE;
  }
  case ImageKind::Elf:
    log = "module is machine code (a cubin), which cannot be simulated: load its PTX instead";
    return CUDA_ERROR_NO_BINARY_FOR_GPU;
  case ImageKind::Unknown:
    break;
  }
  log = "module is neither PTX nor a fat binary";
  return CUDA_ERROR_INVALID_IMAGE;
}

void writeLog(const std::string &log, bool isError, unsigned count, CUjit_option *options, void **values) {
  CUjit_option bufferOption = isError ? CU_JIT_ERROR_LOG_BUFFER : CU_JIT_INFO_LOG_BUFFER;
  CUjit_option sizeOption = isError ? CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES : CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES;
  char *buffer = nullptr;
  void **size = nullptr;
  for (unsigned i = 0; i < count && options && values; ++i) {
    if (options[i] == bufferOption)
      buffer = static_cast<char *>(values[i]);
    if (options[i] == sizeOption)
      size = &values[i];
  }
  if (!buffer || !size)
    return;
  // The size is passed and returned in the pointer itself.
  size_t room = reinterpret_cast<uintptr_t>(*size) & 0xFFFFFFFF;
  size_t length = room == 0 ? 0 : std::min(log.size(), room - 1);
  if (room != 0) {
    std::memcpy(buffer, log.data(), length);
    buffer[length] = 0;
  }
  *size = reinterpret_cast<void *>(length);
}

} // namespace mv::ptxsim::driver
