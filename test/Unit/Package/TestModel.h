//===- TestModel.h - A small package made without the compiler ------*- C++ -*-===//
//
// Three dispatches over images of 3 x 4 x 5:
//
//     scale     input, factors          -> slice 0            one factor for each channel
//     centre    slice 0                 -> output "centred"   minus the image's mean; two phases, through a
//     workspace summary   slice 0, "centred"      -> output "summary"   what summary() in Kernels.c says
//
//===----------------------------------------------------------------------===//

#ifndef MV_TEST_UNIT_PACKAGE_TESTMODEL_H
#define MV_TEST_UNIT_PACKAGE_TESTMODEL_H

#include "mv/Package/Format.h"
#include "mv/Package/Reader.h"
#include "mv/Package/Writer.h"

#include <array>
#include <cstring>

namespace mv::test {

inline constexpr uint32_t kChannels = 3, kHeight = 4, kWidth = 5;
inline constexpr uint64_t kPixels = kHeight * kWidth, kElements = kChannels * kPixels;
inline constexpr uint64_t kImageBytes = kElements * sizeof(float);
inline constexpr uint64_t kSliceBytes = 256; // kImageBytes, rounded up.
inline constexpr uint64_t kSummaryElements = 4;
inline constexpr std::array<float, kChannels> kFactors = {2.0f, -0.5f, 3.0f};

/// Where the functions of Kernels.c lie in its code; any numbers will do if none is called.
struct KernelOffsets {
  uint32_t scale = 0, centreSum = 4, centreSubtract = 8, summary = 12, scaleBytes = 16;
};

inline std::unique_ptr<package::ImplementationT>
implementation(uint32_t code, std::vector<package::Phase> phases, uint64_t scratch = 0) {
  auto result = std::make_unique<package::ImplementationT>();
  result->code = code;
  result->scratch = scratch;
  result->phases = std::move(phases);
  return result;
}

inline std::unique_ptr<package::KernelT> kernel(const char *name, std::vector<package::Argument> arguments) {
  auto result = std::make_unique<package::KernelT>();
  result->name = name;
  result->family = "test";
  result->arguments = std::move(arguments);
  result->flops = kElements;
  result->bytes_read = kImageBytes;
  result->bytes_written = kImageBytes;
  return result;
}

inline std::unique_ptr<package::DispatchT> dispatch(uint32_t kernel, const char *label,
                                                    std::vector<package::Buffer> buffers) {
  auto result = std::make_unique<package::DispatchT>();
  result->kernel = kernel;
  result->label = label;
  result->buffers = std::move(buffers);
  return result;
}

inline std::unique_ptr<package::OutputT> output(const char *name, std::vector<uint32_t> shape) {
  auto result = std::make_unique<package::OutputT>();
  result->name = name;
  result->shape = std::move(shape);
  return result;
}

inline std::unique_ptr<package::ParameterT> parameter(const char *name, uint64_t bytes) {
  auto result = std::make_unique<package::ParameterT>();
  result->name = name;
  result->type = "tensor<" + std::to_string(bytes / sizeof(float)) + "xf32>";
  result->bytes = bytes;
  return result;
}

inline std::unique_ptr<package::EntryT> testEntry(const char *device = "cpu") {
  using package::BufferKind;
  const package::Buffer input(BufferKind::Input, 0, 0, 0), scaled(BufferKind::Slice, 0, 0, kSliceBytes),
      workspace(BufferKind::Slice, 0, kSliceBytes, 64), factors(BufferKind::Parameter, 0, 0, 0),
      centred(BufferKind::Output, 0, 0, 0), summary(BufferKind::Output, 1, 0, 0);
  auto entry = std::make_unique<package::EntryT>();
  entry->name = "forward_4x5";
  entry->channels = kChannels;
  entry->height = kHeight;
  entry->width = kWidth;
  entry->outputs.push_back(output("centred", {kChannels, kHeight, kWidth}));
  entry->outputs.push_back(output("summary", {kSummaryElements}));
  auto program = std::make_unique<package::ProgramT>();
  program->device = device;
  program->dtype = "f32";
  program->arena = kSliceBytes + 64;
  program->dispatches.push_back(dispatch(0, "stem.scale", {input, factors, scaled}));
  program->dispatches.push_back(dispatch(1, "stem.centre", {scaled, centred, workspace}));
  program->dispatches.push_back(dispatch(2, "head", {scaled, centred, summary}));
  entry->programs.push_back(std::move(program));
  return entry;
}

/// A valid model whose `code` the writer is to fill: one code for each element of `offsets`.
inline package::ModelT testModel(const std::vector<KernelOffsets> &offsets = {KernelOffsets()}) {
  using package::Argument;
  using package::ArgumentRole;
  const Argument image(ArgumentRole::Input, true, kImageBytes),
      result(ArgumentRole::Result, true, kImageBytes);
  package::ModelT model;
  model.producer = "mv test";
  model.licence = "CC-BY-NC-SA-4.0";
  model.labels = {"cat", "dog"};
  model.preprocessing = std::make_unique<package::PreprocessingT>();
  model.preprocessing->mean = {0.5f, 0.25f, 0.125f};
  model.preprocessing->std = {1.0f, 2.0f, 4.0f};
  model.preprocessing->crop_pct = 0.875;
  model.preprocessing->crop_mode = "center";
  model.preprocessing->interpolation = "bicubic";
  model.parameters.push_back(parameter("factors", sizeof(kFactors)));
  model.parameters.push_back(parameter("unused", 200));

  model.kernels.push_back(kernel("scale", {image, {ArgumentRole::Input, false, sizeof(kFactors)}, result}));
  model.kernels.push_back(
      kernel("centre", {image, result, {ArgumentRole::Workspace, true, 2 * sizeof(float)}}));
  model.kernels.push_back(
      kernel("summary", {image, image, {ArgumentRole::Result, true, kSummaryElements * sizeof(float)}}));
  for (uint32_t code = 0; code < offsets.size(); ++code) {
    // Groups of 7 elements and of 3 images divide hardly any batch.
    model.kernels[0]->implementations.push_back(
        implementation(code, {{offsets[code].scale, kElements, 7, 1}}));
    model.kernels[1]->implementations.push_back(implementation(
        code, {{offsets[code].centreSum, 1, 1, 2}, {offsets[code].centreSubtract, kElements, 7, 1}}));
    model.kernels[2]->implementations.push_back(
        implementation(code, {{offsets[code].summary, 1, 3, 1}}, 1000));
  }
  model.entries.push_back(testEntry());
  return model;
}

inline Status fillTestParameter(size_t index, std::span<std::byte> out) {
  if (index == 0)
    std::memcpy(out.data(), kFactors.data(), out.size());
  else
    std::fill(out.begin(), out.end(), static_cast<std::byte>(index));
  return Status();
}

inline std::vector<package::CodeBlob> testCode() {
  package::CodeBlob blob;
  blob.target = "x86-64";
  for (int index = 0; index < 100; ++index)
    blob.bytes.push_back(static_cast<std::byte>(index));
  return {blob};
}

inline Status writeTestPackage(const std::string &path, const package::WriterOptions &options = {}) {
  return package::writePackage(path, testModel(), testCode(), fillTestParameter, options);
}

} // namespace mv::test

#endif // MV_TEST_UNIT_PACKAGE_TESTMODEL_H
