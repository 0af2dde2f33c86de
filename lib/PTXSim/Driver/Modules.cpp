//===- Modules.cpp - Modules, libraries and their globals --------------------------------===//

#include "ModuleImage.h"
#include "State.h"

#include <fstream>
#include <iterator>

using namespace mv::ptxsim;
using namespace mv::ptxsim::driver;

namespace {

/// Loads PTX into a context. `name` stands for the module in reports.
CUresult loadPTX(CUctx_st &context, const std::string &ptx, const std::string &name, CUmodule &module,
                 std::string &log) {
  Driver &driver = Driver::get();
  std::shared_ptr<Module> code;
  ModuleOptions options;
  options.name = name;
  options.newestPTX = newestPTX(driver.settings.driverVersion);
  Result loaded = context.engine().loadModule(ptx, options, code);
  log = loaded.message();
  if (CUresult result = toResult(loaded, nullptr))
    return result;
  module = new CUmod_st;
  module->context = &context;
  module->code = std::move(code);
  for (const std::unique_ptr<Kernel> &kernel : module->code->kernels()) {
    auto function = std::make_unique<CUfunc_st>();
    function->module = module;
    function->kernel = kernel.get();
    driver.functions.insert(function.get());
    module->functions.push_back(std::move(function));
  }
  driver.modules.insert(module);
  context.modules.insert(module);
  if (!driver.settings.dump.empty())
    std::ofstream(driver.settings.dump + "/" + name + ".txt") << module->code->dump();
  return CUDA_SUCCESS;
}

void unload(CUmodule module) {
  Driver &driver = Driver::get();
  for (const auto &function : module->functions)
    driver.functions.erase(function.get());
  driver.modules.erase(module);
  module->context->modules.erase(module);
  delete module;
}

std::string nextModuleName() { return "module" + std::to_string(nextId()); }

CUresult loadImage(CUctx_st &context, const void *image, const std::string &name, CUmodule *module,
                   unsigned count, CUjit_option *options, void **values) {
  if (!module || !image)
    return CUDA_ERROR_INVALID_VALUE;
  if (CUresult code = forbidDuringCapture())
    return code;
  std::string ptx, log;
  CUresult code = readImage(image, *context.device->profile, ptx, log);
  if (code == CUDA_SUCCESS)
    code = loadPTX(context, ptx, name, *module, log);
  else
    Driver::get().report.note(log);
  writeLog(code == CUDA_SUCCESS ? "" : log, /*isError=*/true, count, options, values);
  writeLog(code == CUDA_SUCCESS ? log : "", /*isError=*/false, count, options, values);
  return code;
}

/// A file's bytes, with a zero after them, since PTX ends with one.
bool readFile(const char *path, std::string &bytes) {
  std::ifstream file(path, std::ios::binary);
  bytes.assign(std::istreambuf_iterator<char>(file), {});
  return file.good() || file.eof();
}

CUfunction findFunction(CUmodule module, std::string_view name) {
  for (const auto &function : module->functions)
    if (function->info().name == name)
      return function.get();
  return nullptr;
}

CUresult libraryModule(CUlibrary library, CUctx_st &context, CUmodule &module) {
  auto found = library->modules.find(&context);
  if (found != library->modules.end() && Driver::get().modules.contains(found->second)) {
    module = found->second;
    return CUDA_SUCCESS;
  }
  std::string log;
  if (CUresult code = loadPTX(context, library->ptx, library->name, module, log))
    return code;
  library->modules[&context] = module;
  return CUDA_SUCCESS;
}

CUresult globalOf(CUmodule module, CUdeviceptr *address, size_t *bytes, const char *name) {
  const GlobalInfo *global = module->code->findGlobal(name);
  if (!global)
    return CUDA_ERROR_NOT_FOUND;
  if (address)
    *address = global->address;
  if (bytes)
    *bytes = global->size;
  return CUDA_SUCCESS;
}

CUresult loadLibrary(CUctx_st &context, const void *image, CUlibrary *library, unsigned count,
                     CUjit_option *options, void **values) {
  Driver &driver = Driver::get();
  if (!library || !image)
    return CUDA_ERROR_INVALID_VALUE;
  auto loaded = std::make_unique<CUlib_st>();
  loaded->name = nextModuleName();
  std::string log;
  CUresult code = readImage(image, *context.device->profile, loaded->ptx, log);
  CUmodule module = nullptr;
  if (code == CUDA_SUCCESS)
    code = loadPTX(context, loaded->ptx, loaded->name, module, log);
  else
    driver.report.note(log);
  writeLog(code == CUDA_SUCCESS ? "" : log, /*isError=*/true, count, options, values);
  if (code != CUDA_SUCCESS)
    return code;
  loaded->modules[&context] = module;
  for (const auto &function : module->functions) {
    auto kernel = std::make_unique<CUkern_st>();
    kernel->library = loaded.get();
    kernel->name = function->info().name;
    driver.kernels.insert(kernel.get());
    loaded->kernels.push_back(std::move(kernel));
  }
  *library = loaded.release();
  driver.libraries.insert(*library);
  return CUDA_SUCCESS;
}

} // namespace

CUresult mv::ptxsim::driver::functionOf(CUkernel kernel, CUcontext context, CUfunction &function) {
  CUmodule module = nullptr;
  if (!context)
    return CUDA_ERROR_INVALID_CONTEXT;
  if (CUresult code = libraryModule(kernel->library, *context, module))
    return code;
  function = findFunction(module, kernel->name);
  if (!function)
    return CUDA_ERROR_NOT_FOUND;
  if (!function->origin) {
    function->origin = kernel;
    for (auto [attribute, value] : kernel->attributes)
      if (attribute == CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES)
        function->maxDynamicShared = value;
  }
  return CUDA_SUCCESS;
}

CUresult cuModuleLoadDataEx(CUmodule *module, const void *image, unsigned count, CUjit_option *options,
                            void **values) {
  return withContext([&](Lock &, CUctx_st &context) {
    return loadImage(context, image, nextModuleName(), module, count, options, values);
  });
}

CUresult cuModuleLoadData(CUmodule *module, const void *image) {
  return cuModuleLoadDataEx(module, image, 0, nullptr, nullptr);
}

CUresult cuModuleLoadFatBinary(CUmodule *module, const void *fatbin) {
  return cuModuleLoadData(module, fatbin);
}

CUresult cuModuleLoad(CUmodule *module, const char *path) {
  return withContext([&](Lock &, CUctx_st &context) -> CUresult {
    std::string bytes;
    if (!path)
      return CUDA_ERROR_INVALID_VALUE;
    if (!readFile(path, bytes))
      return CUDA_ERROR_FILE_NOT_FOUND;
    return loadImage(context, bytes.c_str(), path, module, 0, nullptr, nullptr);
  });
}

CUresult cuModuleUnload(CUmodule module) {
  return withContext([&](Lock &, CUctx_st &) -> CUresult {
    if (!Driver::get().modules.contains(module))
      return CUDA_ERROR_INVALID_HANDLE;
    unload(module);
    return CUDA_SUCCESS;
  });
}

CUresult cuModuleGetLoadingMode(CUmoduleLoadingMode *mode) {
  if (!mode)
    return CUDA_ERROR_INVALID_VALUE;
  *mode = CU_MODULE_EAGER_LOADING;
  return CUDA_SUCCESS;
}

CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name) {
  return withContext([&](Lock &, CUctx_st &) -> CUresult {
    if (!function || !name)
      return CUDA_ERROR_INVALID_VALUE;
    if (!Driver::get().modules.contains(module))
      return CUDA_ERROR_INVALID_HANDLE;
    *function = findFunction(module, name);
    return *function ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
  });
}

CUresult cuModuleGetFunctionCount(unsigned *count, CUmodule module) {
  return withContext([&](Lock &, CUctx_st &) -> CUresult {
    if (!count || !Driver::get().modules.contains(module))
      return CUDA_ERROR_INVALID_VALUE;
    *count = static_cast<unsigned>(module->functions.size());
    return CUDA_SUCCESS;
  });
}

CUresult cuModuleEnumerateFunctions(CUfunction *functions, unsigned count, CUmodule module) {
  return withContext([&](Lock &, CUctx_st &) -> CUresult {
    if (!functions || !Driver::get().modules.contains(module))
      return CUDA_ERROR_INVALID_VALUE;
    for (unsigned i = 0; i < count && i < module->functions.size(); ++i)
      functions[i] = module->functions[i].get();
    return CUDA_SUCCESS;
  });
}

CUresult cuModuleGetGlobal(CUdeviceptr *address, size_t *bytes, CUmodule module, const char *name) {
  return withContext([&](Lock &, CUctx_st &) -> CUresult {
    if (!name)
      return CUDA_ERROR_INVALID_VALUE;
    if (!Driver::get().modules.contains(module))
      return CUDA_ERROR_INVALID_HANDLE;
    return globalOf(module, address, bytes, name);
  });
}

CUresult cuLibraryLoadData(CUlibrary *library, const void *code, CUjit_option *options, void **values,
                           unsigned count, CUlibraryOption *, void **, unsigned) {
  return withContext(
      [&](Lock &, CUctx_st &context) { return loadLibrary(context, code, library, count, options, values); });
}

CUresult cuLibraryLoadFromFile(CUlibrary *library, const char *path, CUjit_option *options, void **values,
                               unsigned count, CUlibraryOption *, void **, unsigned) {
  return withContext([&](Lock &, CUctx_st &context) -> CUresult {
    std::string bytes;
    if (!path)
      return CUDA_ERROR_INVALID_VALUE;
    if (!readFile(path, bytes))
      return CUDA_ERROR_FILE_NOT_FOUND;
    return loadLibrary(context, bytes.c_str(), library, count, options, values);
  });
}

CUresult cuLibraryUnload(CUlibrary library) {
  return withDriver([&](Lock &) -> CUresult {
    Driver &driver = Driver::get();
    if (!driver.libraries.contains(library))
      return CUDA_ERROR_INVALID_HANDLE;
    for (const auto &[context, module] : library->modules)
      if (driver.modules.contains(module))
        unload(module);
    for (const auto &kernel : library->kernels)
      driver.kernels.erase(kernel.get());
    driver.libraries.erase(library);
    delete library;
    return CUDA_SUCCESS;
  });
}

CUresult cuLibraryGetKernel(CUkernel *kernel, CUlibrary library, const char *name) {
  return withDriver([&](Lock &) -> CUresult {
    if (!kernel || !name)
      return CUDA_ERROR_INVALID_VALUE;
    if (!Driver::get().libraries.contains(library))
      return CUDA_ERROR_INVALID_HANDLE;
    for (const auto &candidate : library->kernels)
      if (candidate->name == name) {
        *kernel = candidate.get();
        return CUDA_SUCCESS;
      }
    return CUDA_ERROR_NOT_FOUND;
  });
}

CUresult cuLibraryGetKernelCount(unsigned *count, CUlibrary library) {
  return withDriver([&](Lock &) -> CUresult {
    if (!count || !Driver::get().libraries.contains(library))
      return CUDA_ERROR_INVALID_VALUE;
    *count = static_cast<unsigned>(library->kernels.size());
    return CUDA_SUCCESS;
  });
}

CUresult cuLibraryEnumerateKernels(CUkernel *kernels, unsigned count, CUlibrary library) {
  return withDriver([&](Lock &) -> CUresult {
    if (!kernels || !Driver::get().libraries.contains(library))
      return CUDA_ERROR_INVALID_VALUE;
    for (unsigned i = 0; i < count && i < library->kernels.size(); ++i)
      kernels[i] = library->kernels[i].get();
    return CUDA_SUCCESS;
  });
}

CUresult cuLibraryGetModule(CUmodule *module, CUlibrary library) {
  return withContext([&](Lock &, CUctx_st &context) -> CUresult {
    if (!module || !Driver::get().libraries.contains(library))
      return CUDA_ERROR_INVALID_VALUE;
    return libraryModule(library, context, *module);
  });
}

CUresult cuLibraryGetGlobal(CUdeviceptr *address, size_t *bytes, CUlibrary library, const char *name) {
  return withContext([&](Lock &, CUctx_st &context) -> CUresult {
    CUmodule module = nullptr;
    if (!name || !Driver::get().libraries.contains(library))
      return CUDA_ERROR_INVALID_VALUE;
    if (CUresult code = libraryModule(library, context, module))
      return code;
    return globalOf(module, address, bytes, name);
  });
}

CUresult cuLibraryGetManaged(CUdeviceptr *address, size_t *bytes, CUlibrary library, const char *name) {
  return cuLibraryGetGlobal(address, bytes, library, name);
}
