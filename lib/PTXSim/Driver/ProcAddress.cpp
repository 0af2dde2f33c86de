//===- ProcAddress.cpp - Finding entry points by name --------------------------------------===//

#include "EntryPoints.h"
#include "State.h"

#include <cstring>

namespace {

/// The newest variant of `symbol` that CUDA `version` has, of those that a driver of CUDA `driver` knows. A program that asked for the per-thread default
/// stream gets the plain function where there is no such variant.
void (*findVariant(const char *symbol, int version, int driver, bool perThread, bool &known))(void) {
  const MVDriverVariant *best = nullptr;
  for (const MVDriverVariant *variant = mvDriverVariants; variant->symbol; ++variant) {
    if (std::strcmp(variant->symbol, symbol) != 0 || variant->version > driver)
      continue;
    known = true;
    if (variant->version > version || (variant->perThread && !perThread))
      continue;
    if (!best || variant->perThread > best->perThread ||
        (variant->perThread == best->perThread && variant->version > best->version))
      best = variant;
  }
  return best ? best->address : nullptr;
}

} // namespace

CUresult cuGetProcAddress(const char *symbol, void **function, int version, cuuint64_t flags,
                          CUdriverProcAddressQueryResult *status) {
  constexpr cuuint64_t known =
      CU_GET_PROC_ADDRESS_LEGACY_STREAM | CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM;
  if (!symbol || !function || (flags & ~known) || flags == known)
    return CUDA_ERROR_INVALID_VALUE;
  int driver = 0;
  if (CUresult code = cuDriverGetVersion(&driver))
    return code;
  bool isKnown = false;
  auto *found = findVariant(symbol, version, driver,
                            (flags & CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM) != 0, isKnown);
  *function = reinterpret_cast<void *>(found);
  if (status)
    *status = found     ? CU_GET_PROC_ADDRESS_SUCCESS
              : isKnown ? CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT
                        : CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
  // With a place for the status, a symbol that is not there is an answer; without, an error.
  return found || status ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
}
