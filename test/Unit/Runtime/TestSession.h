//===- TestSession.h - Packages with real code, and what they compute -*- C++ -*-===//

#ifndef MV_TEST_UNIT_RUNTIME_TESTSESSION_H
#define MV_TEST_UNIT_RUNTIME_TESTSESSION_H

#include "Package/TestModel.h"
#include "Support/TemporaryFolder.h"

#include "mv/mv.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace mv::test {

/// The code of Kernels.c for `target`; MV_TEST_CODE is where the build put it.
inline package::CodeBlob readCode(const std::string &target) {
  std::ifstream stream(MV_TEST_CODE "/" + target + ".bin", std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(stream), {}};
  package::CodeBlob blob;
  blob.target = target;
  blob.bytes.resize(content.size());
  std::memcpy(blob.bytes.data(), content.data(), content.size());
  return blob;
}

/// A package with code for `targets`; `change` may alter the model before it is written.
template <typename Change = void (*)(package::ModelT &)>
std::string writeRunnablePackage(
    const TemporaryFolder &folder, const std::vector<std::string> &targets = {"x86-64"},
    Change change = [](package::ModelT &) {}) {
  std::vector<package::CodeBlob> code;
  std::vector<KernelOffsets> offsets;
  for (const std::string &target : targets) {
    code.push_back(readCode(target));
    KernelOffsets table;
    if (code.back().bytes.size() < sizeof(table))
      throw std::runtime_error("no code for " + target);
    std::memcpy(&table, code.back().bytes.data(), sizeof(table));
    offsets.push_back(table);
  }
  package::ModelT model = testModel(offsets);
  change(model);
  const std::string path = folder.file("model.mvx");
  const Status status = package::writePackage(path, std::move(model), code, fillTestParameter);
  if (!status.ok())
    throw std::runtime_error(status.message());
  return path;
}

/// The same model for pictures: its first kernel reads bytes [4, 5, 3].
inline std::string writePicturePackage(const TemporaryFolder &folder) {
  KernelOffsets offsets;
  std::memcpy(&offsets, readCode("x86-64").bytes.data(), sizeof(offsets));
  return writeRunnablePackage(folder, {"x86-64"}, [&](package::ModelT &model) {
    model.entries[0]->input = package::InputType::U8;
    package::KernelT &scale = *model.kernels[0];
    scale.arguments[0] = package::Argument(package::ArgumentRole::Input, true, kElements);
    scale.implementations[0]->phases[0] = package::Phase(offsets.scaleBytes, kElements, 7, 1);
  });
}

inline std::vector<uint8_t> testPictures(int64_t batch) {
  std::vector<uint8_t> pictures(static_cast<size_t>(batch) * kElements);
  uint32_t state = 1;
  for (uint8_t &value : pictures) {
    state = state * 1664525 + 1013904223;
    value = static_cast<uint8_t>(state >> 24);
  }
  return pictures;
}

/// Their bytes as planes of numbers.
inline std::vector<float> asImages(const std::vector<uint8_t> &pictures) {
  std::vector<float> images(pictures.size());
  for (size_t i = 0; i < images.size(); ++i)
    images[i] = pictures[i / kElements * kElements + i % kPixels * kChannels + i / kPixels % kChannels];
  return images;
}

inline std::vector<float> testImages(int64_t batch) {
  std::vector<float> images(static_cast<size_t>(batch) * kElements);
  uint32_t state = 1;
  for (float &value : images) {
    state = state * 1664525 + 1013904223;
    value = static_cast<float>(state >> 8) / (1 << 24) - 0.5f;
  }
  return images;
}

struct TestOutputs {
  std::vector<float> centred, summary;
  explicit TestOutputs(int64_t batch)
      : centred(static_cast<size_t>(batch) * kElements),
        summary(static_cast<size_t>(batch) * kSummaryElements) {}
  bool operator==(const TestOutputs &) const = default;
};

/// What the three kernels compute, with the same operations in the same order.
inline TestOutputs expectedOutputs(const std::vector<float> &images, int64_t batch, float level) {
  TestOutputs outputs(batch);
  for (size_t image = 0; image < static_cast<size_t>(batch); ++image) {
    std::array<float, kElements> scaled;
    float halves[2] = {0, 0}, sum = 0;
    for (size_t i = 0; i < kElements; ++i) {
      scaled[i] = images[image * kElements + i] * kFactors[i / kPixels];
      halves[i / (kElements / 2)] += scaled[i];
      sum += scaled[i];
    }
    float *centred = &outputs.centred[image * kElements];
    for (size_t i = 0; i < kElements; ++i)
      centred[i] = scaled[i] - (halves[0] + halves[1]) / kElements;
    const float summary[] = {level, sum, centred[kElements - 1], 0};
    std::copy(std::begin(summary), std::end(summary), &outputs.summary[image * kSummaryElements]);
  }
  return outputs;
}

inline TestOutputs runSession(Session &session, const std::vector<float> &images, int64_t batch) {
  TestOutputs outputs(batch);
  float *pointers[] = {outputs.centred.data(), outputs.summary.data()};
  session.run(0, batch, images.data(), pointers);
  return outputs;
}

inline mv_session_options sessionOptions(unsigned threads, const char *target = "x86-64") {
  mv_session_options options = MV_SESSION_OPTIONS_INIT;
  options.threads = threads;
  options.cpu_target = target;
  return options;
}

/// The error that `action` throws; fails the test if it throws none.
template <typename Action> Error errorOf(Action action) {
  try {
    action();
  } catch (const Error &error) {
    return error;
  }
  ADD_FAILURE() << "expected an error";
  return {MV_OK, ""};
}

inline void expectError(const Error &error, mv_code code, const std::string &part) {
  EXPECT_EQ(error.code(), code) << error.what();
  EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
}

} // namespace mv::test

#endif // MV_TEST_UNIT_RUNTIME_TESTSESSION_H
