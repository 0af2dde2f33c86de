//===- JsonReport.cpp - A package for programs ----------------------------------===//

#include "Inspect.h"

#include <nlohmann/json.hpp>

using namespace mv;
using namespace mv::inspect;
using Json = nlohmann::ordered_json;

static Json describePreprocessing(const Package &package) {
  const mv_preprocessing_info info = package.preprocessing();
  return {{"mean", std::vector<float>(info.mean, info.mean + info.channels)},
          {"std", std::vector<float>(info.deviation, info.deviation + info.channels)},
          {"crop_pct", info.crop_pct},
          {"crop_mode", info.crop_mode},
          {"interpolation", info.interpolation}};
}

static Json describeTargets(const Package &package) {
  Json targets = Json::array();
  for (uint32_t index = 0; index < package.info().target_count; ++index) {
    const mv_target_info info = package.target(index);
    targets.push_back({{"name", info.name},
                       {"kind", info.kind},
                       {"supported", info.supported != 0},
                       {"code_bytes", info.code_bytes},
                       {"checksum", hashText(info.code_hash)}});
  }
  return targets;
}

static Json describePrograms(const Package &package, uint32_t entry, uint32_t count) {
  Json programs = Json::array();
  for (uint32_t index = 0; index < count; ++index) {
    const mv_program_info info = package.program(entry, index);
    programs.push_back(
        {{"device", info.device}, {"dispatches", info.dispatch_count}, {"arena_bytes", info.arena_bytes}});
  }
  return programs;
}

static Json describeEntries(const Package &package) {
  Json entries = Json::array();
  for (uint32_t index = 0; index < package.info().entry_count; ++index) {
    const mv_entry_info info = package.entry(index);
    Json outputs = Json::array();
    for (uint32_t position = 0; position < info.output_count; ++position) {
      const mv_output_info output = package.output(index, position);
      outputs.push_back({{"name", output.name},
                         {"shape", std::vector<uint32_t>(output.shape, output.shape + output.rank)}});
    }
    entries.push_back({{"name", info.name},
                       {"input", inputSizes(info)},
                       {"input_type", info.input_type},
                       {"outputs", std::move(outputs)},
                       {"programs", describePrograms(package, index, info.program_count)}});
  }
  return entries;
}

static Json describeImplementations(const Package &package, uint32_t kernel, uint32_t count) {
  Json implementations = Json::array();
  for (uint32_t index = 0; index < count; ++index) {
    const mv_implementation_info info = package.implementation(kernel, index);
    Json phases = Json::array();
    for (uint32_t position = 0; position < info.phase_count; ++position) {
      const mv_phase_info phase = package.phase(kernel, index, position);
      phases.push_back({{"code_offset", phase.code_offset},
                        {"items", phase.items},
                        {"group", phase.group},
                        {"multiplier", phase.multiplier}});
    }
    implementations.push_back({{"target", package.target(info.target).name},
                               {"scratch_bytes", info.scratch_bytes},
                               {"phases", std::move(phases)}});
  }
  return implementations;
}

static Json describeGPU(const Package &package, uint32_t kernel, uint32_t count) {
  Json implementations = Json::array();
  for (uint32_t index = 0; index < count; ++index) {
    const mv_gpu_implementation_info info = package.gpuImplementation(kernel, index);
    Json launches = Json::array();
    for (uint32_t position = 0; position < info.launch_count; ++position) {
      const mv_launch_info launch = package.launch(kernel, index, position);
      launches.push_back({{"function", launch.function},
                          {"batch", launch.batch},
                          {"items", launch.items},
                          {"group", launch.group},
                          {"multiplier", launch.multiplier},
                          {"threads", launch.threads},
                          {"shared_bytes", launch.shared_bytes}});
    }
    implementations.push_back({{"target", info.target}, {"launches", std::move(launches)}});
  }
  return implementations;
}

static Json describeKernels(const Package &package) {
  Json kernels = Json::array();
  for (uint32_t index = 0; index < package.info().kernel_count; ++index) {
    const mv_kernel_info info = package.kernel(index);
    kernels.push_back(
        {{"name", info.name},
         {"family", info.family},
         {"dispatches", info.dispatch_count},
         {"flops", info.flops},
         {"bytes_read", info.bytes_read},
         {"bytes_written", info.bytes_written},
         {"bytes_parameters", info.bytes_parameters},
         {"implementations", describeImplementations(package, index, info.implementation_count)},
         {"gpu", describeGPU(package, index, info.gpu_implementation_count)}});
  }
  return kernels;
}

static Json describeParameters(const Package &package) {
  Json parameters = Json::array();
  for (uint32_t index = 0; index < package.info().parameter_count; ++index) {
    const mv_parameter_info info = package.parameter(index);
    parameters.push_back(
        {{"name", info.name}, {"type", info.type}, {"bytes", info.bytes}, {"checksum", hashText(info.hash)}});
  }
  return parameters;
}

std::string mv::inspect::jsonReport(const Package &package, const std::string &path) {
  const mv_package_info info = package.info();
  const Json report = {{"file", path},
                       {"format_version", info.format_version},
                       {"file_bytes", info.file_bytes},
                       {"parameter_bytes", info.parameter_bytes},
                       {"code_bytes", info.code_bytes},
                       {"plan_checksum", hashText(info.plan_hash)},
                       {"producer", info.producer},
                       {"source", info.source},
                       {"licence", info.licence},
                       {"preprocessing", describePreprocessing(package)},
                       {"labels", package.labels()},
                       {"targets", describeTargets(package)},
                       {"entries", describeEntries(package)},
                       {"kernels", describeKernels(package)},
                       {"parameters", describeParameters(package)}};
  // Names need not be UTF-8; JSON must be.
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}
