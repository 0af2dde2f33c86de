//===- Registry.cpp - What a program compiled by nvcc brings along -------------------------===//
//
// Before main, each compiled file registers its fat binary and, for every kernel and variable
// in it, the address that stands for it on the host. Nothing is loaded then: the fat binary
// becomes a driver library when the first of its kernels or variables is used.
//
//===----------------------------------------------------------------------===//

#include "Runtime.h"

#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

using namespace mv::ptxsim::runtime;

namespace {

struct FatBinary {
  const void *image = nullptr;
  bool loaded = false;
  CUlibrary library = nullptr;
  CUresult result = CUDA_SUCCESS;                       ///< Of loading it.
  std::vector<std::pair<void **, std::string>> managed; ///< Host pointers to set to managed variables.
};

struct Entry {
  FatBinary *binary = nullptr;
  std::string name;
};

struct Registry {
  std::mutex mutex;
  std::deque<FatBinary> binaries;
  std::map<const void *, Entry> functions, variables;
};

/// Never destroyed: programs unregister after our destructors would have run.
Registry &registry() {
  static Registry *instance = new Registry;
  return *instance;
}

struct CallConfiguration {
  dim3 grid, block;
  size_t shared = 0;
  cudaStream_t stream = nullptr;
};

/// Between <<<...>>> and the stub it calls.
std::vector<CallConfiguration> &callConfigurations() {
  static thread_local std::vector<CallConfiguration> stack;
  return stack;
}

CUresult load(FatBinary &binary) {
  if (binary.loaded)
    return binary.result;
  if (CUresult result = ensureContext())
    return result;
  binary.loaded = true;
  binary.result = cuLibraryLoadData(&binary.library, binary.image, nullptr, nullptr, 0, nullptr, nullptr, 0);
  for (auto &[host, name] : binary.managed) {
    CUdeviceptr address = 0;
    if (binary.result == CUDA_SUCCESS)
      binary.result = cuLibraryGetManaged(&address, nullptr, binary.library, name.c_str());
    *host = reinterpret_cast<void *>(address);
  }
  return binary.result;
}

} // namespace

CUresult mv::ptxsim::runtime::kernelOf(const void *function, CUfunction &kernel) {
  Registry &known = registry();
  std::lock_guard lock(known.mutex);
  auto found = known.functions.find(function);
  if (found == known.functions.end()) {
    kernel = static_cast<CUfunction>(const_cast<void *>(function)); // A handle; the driver checks it.
    return function ? CUDA_SUCCESS : static_cast<CUresult>(cudaErrorInvalidDeviceFunction);
  }
  if (CUresult result = load(*found->second.binary))
    return result;
  CUkernel loaded = nullptr;
  if (cuLibraryGetKernel(&loaded, found->second.binary->library, found->second.name.c_str()) != CUDA_SUCCESS)
    return static_cast<CUresult>(cudaErrorInvalidDeviceFunction);
  kernel = reinterpret_cast<CUfunction>(loaded);
  return CUDA_SUCCESS;
}

CUresult mv::ptxsim::runtime::symbolOf(const void *symbol, CUdeviceptr &address, size_t &bytes) {
  Registry &known = registry();
  std::lock_guard lock(known.mutex);
  auto found = known.variables.find(symbol);
  if (found == known.variables.end())
    return static_cast<CUresult>(cudaErrorInvalidSymbol);
  if (CUresult result = load(*found->second.binary))
    return result;
  return cuLibraryGetGlobal(&address, &bytes, found->second.binary->library, found->second.name.c_str());
}

#pragma GCC visibility push(default)
extern "C" {

void **__cudaRegisterFatBinary(void *image) {
  Registry &known = registry();
  std::lock_guard lock(known.mutex);
  FatBinary &binary = known.binaries.emplace_back();
  binary.image = image;
  return reinterpret_cast<void **>(&binary);
}

void __cudaRegisterFatBinaryEnd(void **) {}

void __cudaUnregisterFatBinary(void **) {
} // The process is ending; the driver still holds what it needs for its report.

char __cudaInitModule(void **handle) {
  std::lock_guard lock(registry().mutex);
  return load(*reinterpret_cast<FatBinary *>(handle)) == CUDA_SUCCESS;
}

void __cudaRegisterFunction(void **handle, const char *host, char *, const char *name, int, uint3 *, uint3 *,
                            dim3 *, dim3 *, int *) {
  Registry &known = registry();
  std::lock_guard lock(known.mutex);
  known.functions[host] = {reinterpret_cast<FatBinary *>(handle), name};
}

void __cudaRegisterVar(void **handle, char *host, char *, const char *name, int, size_t, int, int) {
  Registry &known = registry();
  std::lock_guard lock(known.mutex);
  known.variables[host] = {reinterpret_cast<FatBinary *>(handle), name};
}

void __cudaRegisterManagedVar(void **handle, void **host, char *, const char *name, int, size_t, int, int) {
  Registry &known = registry();
  std::lock_guard lock(known.mutex);
  auto *binary = reinterpret_cast<FatBinary *>(handle);
  known.variables[host] = {binary, name};
  binary->managed.push_back({host, name});
}

unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared, CUstream_st *stream) {
  callConfigurations().push_back({grid, block, shared, stream});
  return 0;
}

cudaError_t __cudaPopCallConfiguration(dim3 *grid, dim3 *block, size_t *shared, void *stream) {
  if (callConfigurations().empty())
    return finish(cudaErrorMissingConfiguration);
  const CallConfiguration &top = callConfigurations().back();
  *grid = top.grid;
  *block = top.block;
  *shared = top.shared;
  *static_cast<cudaStream_t *>(stream) = top.stream;
  callConfigurations().pop_back();
  return cudaSuccess;
}

cudaError_t __cudaGetKernel(cudaKernel_t *kernel, const void *host) {
  CUfunction found = nullptr;
  CUresult result = kernelOf(host, found);
  *kernel = reinterpret_cast<cudaKernel_t>(found);
  if (result == CUDA_SUCCESS)
    return cudaSuccess;
  // The stub asks once and launches with what it got: the host address makes each launch find, and tell, the
  // error again.
  *kernel = static_cast<cudaKernel_t>(const_cast<void *>(host));
  return finish(result);
}

cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void **arguments, size_t shared,
                               cudaStream_t stream) {
  return cudaLaunchKernel(reinterpret_cast<const void *>(kernel), grid, block, arguments, shared, stream);
}

cudaError_t __cudaLaunchKernel_ptsz(cudaKernel_t kernel, dim3 grid, dim3 block, void **arguments,
                                    size_t shared, cudaStream_t stream) {
  return __cudaLaunchKernel(kernel, grid, block, arguments, shared, stream);
}

} // extern "C"
#pragma GCC visibility pop

cudaError_t cudaGetSymbolAddress(void **address, const void *symbol) {
  return withContext([&] {
    CUdeviceptr found = 0;
    size_t bytes = 0;
    CUresult result = symbolOf(symbol, found, bytes);
    *address = reinterpret_cast<void *>(found);
    return result;
  });
}

cudaError_t cudaGetSymbolSize(size_t *bytes, const void *symbol) {
  return withContext([&] {
    CUdeviceptr found = 0;
    return symbolOf(symbol, found, *bytes);
  });
}

cudaError_t cudaGetFuncBySymbol(cudaFunction_t *function, const void *symbol) {
  return withContext([&] {
    CUfunction found = nullptr;
    if (CUresult result = kernelOf(symbol, found))
      return result;
    return cuKernelGetFunction(function, reinterpret_cast<CUkernel>(found));
  });
}

cudaError_t cudaGetKernel(cudaKernel_t *kernel, const void *function) {
  return withContext([&] {
    CUfunction found = nullptr;
    CUresult result = kernelOf(function, found);
    *kernel = reinterpret_cast<cudaKernel_t>(found);
    return result;
  });
}
