//===- LoadedModule.h - A module in a device ------------------------*- C++ -*-===//

#ifndef MV_LIB_PTXSIM_MACHINE_LOADEDMODULE_H
#define MV_LIB_PTXSIM_MACHINE_LOADEDMODULE_H

#include "PTXSim/Machine/Decoder.h"
#include "PTXSim/Machine/Memory.h"
#include "mv/PTXSim/Device.h"

#include <mutex>

namespace mv::ptxsim {

class LoadedModule;

class LoadedKernel final : public Kernel {
public:
  const FunctionInfo &info() const override { return info_; }

  FunctionInfo info_;
  Program program;
  const LoadedModule *module = nullptr;
};

class LoadedModule final : public Module {
public:
  LoadedModule(Memory &memory, std::shared_ptr<std::mutex> lock) : memory_(memory), lock_(std::move(lock)) {}
  ~LoadedModule() override;

  /// Parses, places variables, decodes all kernels.
  Result load(std::string_view text, const ModuleOptions &options, const DeviceProfile &profile);

  std::span<const std::unique_ptr<Kernel>> kernels() const override { return kernels_; }
  std::span<const GlobalInfo> globals() const override { return globals_; }
  uint32_t ptxVersion() const override { return syntax_->version; }
  uint32_t targetArchitecture() const override { return syntax_->target; }
  std::string dump() const override;

  const std::string &name() const { return name_; }
  const std::map<uint32_t, std::string> &files() const { return syntax_->files; }

private:
  Result placeVariables();
  Result initialise(const ptx::Variable &variable, uint64_t address);
  void findAddressTaken();
  Result decodeKernel(const ptx::Function &function, const ModuleOptions &options,
                      const DeviceProfile &profile);

  Memory &memory_;
  std::shared_ptr<std::mutex> lock_;
  std::string name_;
  std::unique_ptr<ptx::Module> syntax_;
  ModuleSymbols symbols_;
  std::vector<std::unique_ptr<Kernel>> kernels_;
  std::vector<GlobalInfo> globals_;
  std::vector<uint64_t> allocations_;
  uint32_t constantBytes_ = 0;
};

} // namespace mv::ptxsim

#endif // MV_LIB_PTXSIM_MACHINE_LOADEDMODULE_H
