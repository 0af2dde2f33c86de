//===- FuzzPTX.cpp - No text crashes the front end or the machine ---*- C++ -*-===//
//
// Loads the input as a module. What loads is also run, one small block of each kernel with zeros for
// parameters, under all checks and an instruction limit: whatever the kernel does, the worst is an error.
//
//===----------------------------------------------------------------------===//

#include "mv/PTXSim/Device.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  using namespace mv::ptxsim;
  Options options;
  options.hostThreads = 1;
  options.memoryLimit = 64 << 20;
  options.instructionLimit = 2000;
  options.checks = {true, true, true, true};
  options.output = [](std::string_view) {};
  auto device = Device::create(*findProfile("sm_90"), options);
  std::shared_ptr<Module> module;
  Result loaded = device->loadModule({reinterpret_cast<const char *>(data), size}, {}, module);
  if (!loaded.ok())
    return 0;
  for (const auto &kernel : module->kernels()) {
    std::vector<std::byte> parameters(kernel->info().parameterBytes);
    Result launched = device->launch(*kernel, {.block = {48}}, parameters);
    (void)launched;
  }
  return 0;
}
