//===- EngineSupport.h - Small kernels for tests of the engine ------*- C++ -*-===//

#ifndef MV_TEST_UNIT_PTXSIM_ENGINESUPPORT_H
#define MV_TEST_UNIT_PTXSIM_ENGINESUPPORT_H

#include "mv/PTXSim/Device.h"

#include <cstring>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace mv::ptxsim::test {

inline std::string header(unsigned target = 80) {
  return ".version 8.0\n.target sm_" + std::to_string(target) + "\n.address_size 64\n";
}

/// A device, and the kernels a test runs on it.
class Simulator {
public:
  explicit Simulator(Options options = {}, std::string_view profile = "sm_80") {
    if (options.hostThreads == 0)
      options.hostThreads = 1;
    device = Device::create(*findProfile(profile), std::move(options));
  }

  Result load(const std::string &text) { return device->loadModule(text, {.name = "test"}, module); }

  template <typename T> uint64_t upload(const std::vector<T> &values) {
    uint64_t address = 0;
    EXPECT_TRUE(device->allocate(std::max<size_t>(values.size() * sizeof(T), 1), address).ok());
    EXPECT_TRUE(device->copyIn(address, values.data(), values.size() * sizeof(T)).ok());
    return address;
  }
  /// Without contents, so that reading it is a finding.
  uint64_t allocate(uint64_t bytes) {
    uint64_t address = 0;
    EXPECT_TRUE(device->allocate(bytes, address).ok());
    return address;
  }
  template <typename T> std::vector<T> download(uint64_t address, size_t count) {
    std::vector<T> values(count);
    EXPECT_TRUE(device->copyOut(values.data(), address, count * sizeof(T)).ok());
    return values;
  }

  /// Launches with parameters of 64 bits each.
  Result launch(const char *kernel, LaunchConfig config, const std::vector<uint64_t> &parameters) {
    const Kernel *found = module ? module->findKernel(kernel) : nullptr;
    if (!found)
      return Result(Error::NotFound, std::string("no kernel ") + kernel);
    return device->launch(*found, config, std::as_bytes(std::span(parameters)));
  }

  size_t count(CheckKind kind) const {
    size_t found = 0;
    for (const CheckReport &report : device->reports())
      found += report.kind == kind;
    return found;
  }
  std::string reportText() const {
    std::string text;
    for (const CheckReport &report : device->reports())
      text += toText(report);
    return text;
  }

  std::unique_ptr<Device> device;
  std::shared_ptr<Module> module;
};

template <typename T> constexpr const char *bitsName() {
  return sizeof(T) == 1 ? "b8" : sizeof(T) == 2 ? "b16" : sizeof(T) == 4 ? "b32" : "b64";
}

/// Runs `body` once per element, in one block: registers %a, %b, %c hold the elements of the inputs, %d is
/// the result. They have the widths of the C++ types; %p0 to %p9, %w0 to %w9 (32 bits), %x0 to %x9 (64) and
/// %h0 to %h9 (16) are free to use.
template <typename D, typename... In>
std::vector<D> evaluate(const std::string &body, const std::vector<In> &...in) {
  const char names[] = {'a', 'b', 'c'};
  std::string text = header() + ".visible .entry f(.param .u64 out";
  unsigned index = 0;
  ((text += std::string(", .param .u64 in") + names[index++], (void)in), ...);
  text +=
      ") {\n.reg .pred %p<10>;\n.reg .b16 %h<10>;\n.reg .b32 %w<10>, %t;\n.reg .b64 %x<10>, %at, %base;\n";
  text += std::string(".reg .") + (sizeof(D) == 1 ? "b16" : bitsName<D>()) + " %d;\nmov.u32 %t, %tid.x;\n";
  index = 0;
  auto input = [&](auto type) {
    using T = decltype(type);
    std::string name(1, names[index++]);
    text += ".reg ." + std::string(sizeof(T) == 1 ? "b16" : bitsName<T>()) + " %" + name +
            ";\nld.param.u64 %base, [in" + name + "];\nmad.wide.u32 %at, %t, " + std::to_string(sizeof(T)) +
            ", %base;\nld.global." + bitsName<T>() + " %" + name + ", [%at];\n";
  };
  (input(In{}), ...);
  text += body + "\nld.param.u64 %base, [out];\nmad.wide.u32 %at, %t, " + std::to_string(sizeof(D)) +
          ", %base;\nst.global." + bitsName<D>() + " [%at], %d;\nret;\n}\n";
  Simulator simulator;
  Result loaded = simulator.load(text);
  EXPECT_TRUE(loaded.ok()) << loaded.message() << "\n" << body;
  size_t count = std::max({in.size()...});
  if (!loaded.ok())
    return std::vector<D>(count);
  std::vector<uint64_t> parameters = {simulator.allocate(count * sizeof(D)), simulator.upload(in)...};
  Result launched = simulator.launch("f", {.block = {uint32_t(count)}}, parameters);
  EXPECT_TRUE(launched.ok()) << launched.message();
  return simulator.download<D>(parameters[0], count);
}

/// The bits of a float, and back.
inline uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}
inline float floatOf(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

} // namespace mv::ptxsim::test

#endif // MV_TEST_UNIT_PTXSIM_ENGINESUPPORT_H
