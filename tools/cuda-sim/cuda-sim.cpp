//===- cuda-sim.cpp - Runs any CUDA program on the simulated device ---------------------===//
//
//   cuda-sim [--device=sm_80] [--checks=memory,init,race,sync] [--counters=FILE.json] PROGRAM ARGUMENTS...
//   cuda-sim --dump FILE.ptx
//
// Exits with 1 when a check found something, else with the program's own code.
//
//===----------------------------------------------------------------------===//

#include "Child.h"
#include "mv/PTXSim/Device.h"
#include "mv/PTXSim/Faults.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

using namespace mv;
using namespace mv::ptxsim;

namespace {

struct Arguments {
  std::string device = "sm_80", checks = "none", counters, dump;
  std::string memory, driver, lose;
  unsigned threads = 0, devices = 1;
  uint64_t instructionLimit = 0;
  std::vector<std::string> command;
};

int fail(const Status &status) {
  std::cerr << "cuda-sim: " << status.message() << "\n";
  return static_cast<int>(status.code());
}

/// Whether an option that was given is as it should be.
template <typename T>
Status checkOption(const char *name, const std::string &text, StatusOr<T> (*parse)(std::string_view)) {
  if (text.empty())
    return {};
  StatusOr<T> parsed = parse(text);
  return parsed.ok() ? Status() : Status::invalidInput(name + (": " + parsed.status().message()));
}

Status checkArguments(const Arguments &arguments) {
  if (!findProfile(arguments.device)) {
    std::string known;
    for (const DeviceProfile &profile : deviceProfiles())
      known += (known.empty() ? "" : ", ") + std::string(profile.name);
    return Status::invalidInput("--device: expected one of " + known + ", found '" + arguments.device + "'");
  }
  Checks checks;
  std::string unknown;
  if (!parseChecks(arguments.checks, checks, unknown))
    return Status::invalidInput("--checks: expected words of " + std::string(checkWords) + ", found '" +
                                unknown + "'");
  MV_RETURN_IF_ERROR(checkOption("--memory", arguments.memory, parseMemorySize));
  MV_RETURN_IF_ERROR(checkOption("--driver", arguments.driver, parseDriverVersion));
  MV_RETURN_IF_ERROR(checkOption("--lose", arguments.lose, parseLostDevice));
  if (arguments.command.empty() && arguments.dump.empty())
    return Status::invalidInput("expected a program to run, or --dump FILE.ptx");
  return {};
}

/// Shows a PTX file's kernels as the simulator decodes them.
int dump(const Arguments &arguments) {
  std::ifstream file(arguments.dump, std::ios::binary);
  if (!file)
    return fail(Status::invalidInput(arguments.dump + ": expected a PTX file, found none"));
  std::string text(std::istreambuf_iterator<char>(file), {});
  Result result;
  std::unique_ptr<Device> device = Device::create(*findProfile(arguments.device), {}, &result);
  if (!device)
    return fail(Status::unavailable(result.message()));
  std::shared_ptr<Module> module;
  ModuleOptions options;
  options.name = arguments.dump;
  Result loaded = device->loadModule(text, options, module);
  if (!loaded.ok())
    return fail(Status::invalidInput(loaded.message()));
  std::cout << module->dump();
  return 0;
}

void setEnvironment(const Arguments &arguments, const std::string &reports) {
  auto set = [](const char *name, const std::string &value) { setenv(name, value.c_str(), 1); };
  set("MV_SIM_DEVICE", arguments.device);
  set("MV_SIM_CHECK", arguments.checks);
  set("MV_SIM_DEVICES", std::to_string(arguments.devices));
  set("MV_SIM_MEMORY", arguments.memory);
  set("MV_SIM_DRIVER", arguments.driver);
  set("MV_SIM_LOSE", arguments.lose);
  set("MV_SIM_THREADS", std::to_string(arguments.threads));
  set("MV_SIM_INSTRUCTION_LIMIT", std::to_string(arguments.instructionLimit));
  set("MV_SIM_COUNTERS", arguments.counters);
  set("MV_SIM_REPORT", reports);
}

/// Prints the reports that the program's processes left, and returns how many findings they have.
uint64_t printReports(const std::filesystem::path &folder) {
  uint64_t findings = 0;
  for (const auto &entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path());
    std::string word;
    uint64_t count = 0;
    file >> word >> count;
    file.ignore(1);
    findings += count;
    std::cerr << std::string(std::istreambuf_iterator<char>(file), {});
  }
  return findings;
}

int run(const Arguments &arguments) {
  StatusOr<std::string> folder = cudasim::libraryFolder();
  if (!folder.ok())
    return fail(folder.status());
  std::string reports = (std::filesystem::temp_directory_path() / "cuda-sim-XXXXXX").string();
  if (!mkdtemp(reports.data()))
    return fail(
        Status::unavailable("cannot make a folder under " + std::filesystem::temp_directory_path().string()));
  setEnvironment(arguments, reports);
  StatusOr<int> code = cudasim::runChild(arguments.command, *folder);
  uint64_t findings = printReports(reports);
  std::error_code ignored;
  std::filesystem::remove_all(reports, ignored);
  if (!code.ok())
    return fail(code.status());
  return findings ? 1 : *code;
}

} // namespace

int main(int argc, char **argv) {
  Arguments arguments;
  CLI::App app{"Runs a CUDA program on a simulated device, on the CPU"};
  app.add_option("--device", arguments.device, "sm_80 (default), sm_86, sm_90, sm_100 or sm_120");
  app.add_option(
      "--checks", arguments.checks,
      "words of memory, init, race, sync, phases, sectors; or all (the first four); or none (default)");
  app.add_option("--counters", arguments.counters,
                 "count what kernels do; print a table, write JSON to this file");
  app.add_option("--threads", arguments.threads, "host threads; one per CPU by default");
  app.add_option("--devices", arguments.devices, "how many devices the program sees")
      ->check(CLI::Range(0u, 64u));
  app.add_option("--memory", arguments.memory, "memory of a device, e.g. 64M; that of the chip by default");
  app.add_option("--driver", arguments.driver, "version of the driver, e.g. 11.4; the newest by default");
  app.add_option("--lose", arguments.lose, "the launch at which the device fails, e.g. 12 or 12:ecc");
  app.add_option("--instruction-limit", arguments.instructionLimit,
                 "warp instructions of one block after which a launch times out; none by default");
  app.add_option("--dump", arguments.dump, "show the decoded kernels of this PTX file, and run nothing");
  app.footer("The rest of the line is the program to run and its arguments.");
  app.prefix_command(); // What comes after the program's name is the program's.
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(StatusCode::InvalidInput);
  }
  arguments.command = app.remaining();
  if (Status status = checkArguments(arguments); !status.ok())
    return fail(status);
  return arguments.dump.empty() ? run(arguments) : dump(arguments);
}
