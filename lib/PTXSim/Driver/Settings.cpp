//===- Settings.cpp - What the environment asks of the simulator -----------------------===//

#include "Settings.h"

#include "CUDAHeader.h"

#include <charconv>
#include <cstdlib>
#include <string_view>
#include <unistd.h>

namespace mv::ptxsim::driver {
namespace {

std::string_view variable(const char *name) {
  const char *value = std::getenv(name);
  return value ? value : "";
}

/// Leaves `value` as it is when the variable is not set.
template <typename T> Status readNumber(const char *name, T &value, T least) {
  std::string_view text = variable(name);
  if (text.empty())
    return {};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value >= least)
    return {};
  return Status::invalidInput(std::string(name) + ": expected a number of at least " + std::to_string(least) +
                              ", found '" + std::string(text) + "'");
}

/// Leaves `value` as it is when the variable is not set.
template <typename T> Status read(const char *name, T &value, StatusOr<T> (*parse)(std::string_view)) {
  std::string_view text = variable(name);
  if (text.empty())
    return {};
  StatusOr<T> found = parse(text);
  if (!found.ok())
    return Status::invalidInput(std::string(name) + ": " + found.status().message());
  value = *found;
  return {};
}

std::string withProcessId(std::string_view path) {
  std::string result(path);
  if (size_t at = result.find("%p"); at != std::string::npos)
    result.replace(at, 2, std::to_string(getpid()));
  return result;
}

} // namespace

StatusOr<Settings> readSettings() {
  Settings settings;
  std::string_view device = variable("MV_SIM_DEVICE");
  settings.profile = findProfile(device.empty() ? "sm_80" : device);
  if (!settings.profile) {
    std::string known;
    for (const DeviceProfile &profile : deviceProfiles())
      known += (known.empty() ? "" : ", ") + std::string(profile.name);
    return Status::invalidInput("MV_SIM_DEVICE: expected one of " + known + ", found '" +
                                std::string(device) + "'");
  }
  std::string unknown;
  if (!parseChecks(variable("MV_SIM_CHECK").empty() ? "none" : variable("MV_SIM_CHECK"),
                   settings.options.checks, unknown))
    return Status::invalidInput("MV_SIM_CHECK: expected words of " + std::string(checkWords) + ", found '" +
                                unknown + "'");
  MV_RETURN_IF_ERROR(readNumber("MV_SIM_DEVICES", settings.devices, 0u));
  MV_RETURN_IF_ERROR(read("MV_SIM_MEMORY", settings.options.memoryLimit, parseMemorySize));
  settings.driverVersion = CUDA_VERSION;
  MV_RETURN_IF_ERROR(read("MV_SIM_DRIVER", settings.driverVersion, parseDriverVersion));
  MV_RETURN_IF_ERROR(read("MV_SIM_LOSE", settings.lost, parseLostDevice));
  MV_RETURN_IF_ERROR(readNumber("MV_SIM_THREADS", settings.options.hostThreads, 0u));
  MV_RETURN_IF_ERROR(readNumber("MV_SIM_INSTRUCTION_LIMIT", settings.options.instructionLimit, uint64_t(0)));
  settings.counters = withProcessId(variable("MV_SIM_COUNTERS"));
  settings.options.counters = !settings.counters.empty();
  settings.report = variable("MV_SIM_REPORT");
  settings.dump = variable("MV_SIM_DUMP");
  settings.trace = !variable("MV_SIM_TRACE").empty();
  return settings;
}

} // namespace mv::ptxsim::driver
