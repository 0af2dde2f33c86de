//===- CAPITest.cpp - Queries, versions of structs, refusals --------------------===//

#include "TestSession.h"

using namespace mv;
using namespace mv::test;

extern "C" mv_code mv_test_run_from_c(const char *path, int64_t batch, const float *images, float *output);

namespace {

struct CAPITest : testing::Test {
  TemporaryFolder folder;
  std::string path = writeRunnablePackage(folder, {"x86-64", "x86-64-v3"});
  Package package{path};
};

/// Takes `status` over.
Error errorFrom(mv_status *status) {
  return errorOf([&] { detail::throwIfFailed(status); });
}

} // namespace

TEST_F(CAPITest, RunsFromC) {
  const std::vector<float> images = testImages(2);
  std::vector<float> centred(2 * kElements);
  EXPECT_EQ(mv_test_run_from_c(path.c_str(), 2, images.data(), centred.data()), MV_OK);
  EXPECT_EQ(centred, expectedOutputs(images, 2, 1).centred);
  EXPECT_EQ(mv_test_run_from_c("/nonexistent.mvx", 2, images.data(), centred.data()), MV_INVALID_INPUT);
}

TEST_F(CAPITest, DescribesThePackage) {
  const mv_package_info info = package.info();
  EXPECT_STREQ(info.producer, "mv test");
  EXPECT_STREQ(info.source, "");
  EXPECT_STREQ(info.licence, "CC-BY-NC-SA-4.0");
  EXPECT_EQ(info.format_version, package::kFormatVersion);
  EXPECT_EQ(info.entry_count, 1u);
  EXPECT_EQ(info.target_count, 2u);
  EXPECT_EQ(info.kernel_count, 3u);
  EXPECT_EQ(info.parameter_count, 2u);
  EXPECT_EQ(info.file_bytes, std::filesystem::file_size(path));
  EXPECT_EQ(info.code_bytes, package.code(0).size() + package.code(1).size());
  EXPECT_EQ(package.labels(), (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(mv_package_label(package.get(), 2), nullptr);

  const mv_preprocessing_info preprocessing = package.preprocessing();
  ASSERT_EQ(preprocessing.channels, 3u);
  EXPECT_EQ(preprocessing.mean[1], 0.25f);
  EXPECT_EQ(preprocessing.deviation[2], 4.0f);
  EXPECT_EQ(preprocessing.crop_pct, 0.875);
  EXPECT_STREQ(preprocessing.crop_mode, "center");
  EXPECT_STREQ(preprocessing.interpolation, "bicubic");
}

TEST_F(CAPITest, DescribesEntryPoints) {
  const mv_entry_info entry = package.entry(0);
  EXPECT_STREQ(entry.name, "forward_4x5");
  EXPECT_EQ(entry.channels, kChannels);
  EXPECT_EQ(entry.height, kHeight);
  EXPECT_EQ(entry.width, kWidth);
  EXPECT_EQ(entry.output_count, 2u);
  ASSERT_EQ(entry.program_count, 1u);
  const mv_program_info program = package.program(0, 0);
  EXPECT_STREQ(program.device, "cpu");
  EXPECT_STREQ(program.dtype, "f32");
  EXPECT_EQ(program.dispatch_count, 3u);
  EXPECT_EQ(program.arena_bytes, kSliceBytes + 64);
  const mv_output_info output = package.output(0, 0);
  EXPECT_STREQ(output.name, "centred");
  ASSERT_EQ(output.rank, 3u);
  EXPECT_EQ(output.shape[2], kWidth);
  EXPECT_EQ(output.elements, kElements);
  EXPECT_EQ(package.findEntry(4, 5), 0u);
  EXPECT_EQ(package.findOutput(0, "summary"), 1u);
  EXPECT_EQ(package.findOutput(0, "logits"), std::nullopt);
}

TEST_F(CAPITest, DescribesKernelsAndParameters) {
  const mv_kernel_info kernel = package.kernel(1);
  EXPECT_STREQ(kernel.name, "centre");
  EXPECT_STREQ(kernel.family, "test");
  EXPECT_EQ(kernel.flops, kElements);
  EXPECT_EQ(kernel.implementation_count, 2u);
  EXPECT_EQ(kernel.dispatch_count, 1u);
  const mv_implementation_info implementation = package.implementation(1, 1);
  EXPECT_EQ(implementation.target, 1u);
  EXPECT_EQ(implementation.phase_count, 2u);
  EXPECT_EQ(package.implementation(2, 0).scratch_bytes, 1000u);
  const mv_phase_info phase = package.phase(1, 0, 0);
  EXPECT_EQ(phase.items, 1u);
  EXPECT_EQ(phase.group, 1u);
  EXPECT_EQ(phase.multiplier, 2u);
  EXPECT_LT(phase.code_offset, package.code(0).size());
  const mv_parameter_info parameter = package.parameter(0);
  EXPECT_STREQ(parameter.name, "factors");
  EXPECT_STREQ(parameter.type, "tensor<3xf32>");
  ASSERT_EQ(parameter.bytes, sizeof(kFactors));
  EXPECT_EQ(std::memcmp(parameter.data, kFactors.data(), sizeof(kFactors)), 0);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(parameter.data) % 64, 0u);
}

// A program with an older, shorter struct gets the fields it knows, and nothing beyond them is touched.
TEST_F(CAPITest, FillsShorterStructsOfOlderPrograms) {
  mv_entry_info info = MV_ENTRY_INFO_INIT;
  info.size = offsetof(mv_entry_info, width);
  info.width = 77;
  info.program_count = 77;
  ASSERT_EQ(mv_package_get_entry(package.get(), 0, &info), nullptr);
  EXPECT_EQ(info.size, offsetof(mv_entry_info, width));
  EXPECT_EQ(info.height, kHeight);
  EXPECT_EQ(info.width, 77u);
  EXPECT_EQ(info.program_count, 77u);
}

// Options beyond the caller's struct are zero, not what lies behind it.
TEST_F(CAPITest, ReadsShorterOptionsOfOlderPrograms) {
  mv_session_options options = MV_SESSION_OPTIONS_INIT;
  options.threads = 1;
  options.cpu_target = "nonsense";
  options.size = offsetof(mv_session_options, cpu_target);
  Session session(package, options);
  EXPECT_EQ(session.info().threads, 1u);
}

TEST_F(CAPITest, NegativeStructsWithoutSize) {
  mv_entry_info info = {};
  expectError(errorFrom(mv_package_get_entry(package.get(), 0, &info)), MV_INVALID_INPUT, "_INIT");
  expectError(errorFrom(mv_package_get_entry(package.get(), 0, nullptr)), MV_INVALID_INPUT, "_INIT");
  const mv_session_options options = {};
  mv_session *session = nullptr;
  expectError(errorFrom(mv_session_create(package.get(), &options, &session)), MV_INVALID_INPUT, "_INIT");
  EXPECT_EQ(session, nullptr);
}

TEST_F(CAPITest, NegativeIndices) {
  const auto expectRefused = [](auto query) {
    expectError(errorOf(query), MV_INVALID_INPUT, "there is no ");
  };
  expectRefused([&] { package.entry(1); });
  expectRefused([&] { package.output(1, 0); });
  expectRefused([&] { package.output(0, 2); });
  expectRefused([&] { package.target(2); });
  expectRefused([&] { package.code(2); });
  expectRefused([&] { package.kernel(3); });
  expectRefused([&] { package.implementation(0, 2); });
  expectRefused([&] { package.implementation(3, 0); });
  expectRefused([&] { package.phase(0, 0, 1); });
  expectRefused([&] { package.parameter(2); });
  Session session(package, sessionOptions(1));
  mv_profile_record record = MV_PROFILE_RECORD_INIT;
  expectError(errorFrom(mv_session_get_profile(session.get(), 0, &record)), MV_INVALID_INPUT,
              "no profile record 0");
  expectError(errorOf([&] { package.findEntry(5, 4); }), MV_INVALID_INPUT, "5x4: expected 4x5");
}

TEST_F(CAPITest, NegativeNullPointers) {
  mv_package *opened = nullptr;
  expectError(errorFrom(mv_package_open(nullptr, nullptr, &opened)), MV_INVALID_INPUT, "path is null");
  expectError(errorFrom(mv_package_open(path.c_str(), nullptr, nullptr)), MV_INVALID_INPUT,
              "package is null");
  mv_package_info info = MV_PACKAGE_INFO_INIT;
  expectError(errorFrom(mv_package_get_info(nullptr, &info)), MV_INVALID_INPUT, "package is null");
  expectError(errorFrom(mv_session_create(nullptr, nullptr, nullptr)), MV_INVALID_INPUT, "package is null");
  expectError(errorFrom(mv_session_run(nullptr, 0, 1, nullptr, nullptr, 0)), MV_INVALID_INPUT,
              "session is null");
  EXPECT_EQ(mv_session_run_bytes(nullptr, 0, 1), 0u);
  EXPECT_EQ(mv_session_profile_count(nullptr), 0u);
  EXPECT_EQ(mv_package_label(nullptr, 0), nullptr);
  EXPECT_EQ(mv_status_code(nullptr), MV_OK);
  EXPECT_STREQ(mv_status_message(nullptr), "");
  mv_status_free(nullptr);
  mv_package_close(nullptr);
  mv_session_free(nullptr);
}

// The parameters can be hashed later.
TEST_F(CAPITest, VerifiesWhenAsked) {
  std::string content = folder.read("model.mvx");
  const mv_parameter_info parameter = package.parameter(1);
  content[package::kSectionAlignment + 64 + 10] ^=
      1; // The second parameter comes after the first's 64 bytes.
  const std::string damaged = folder.write("damaged.mvx", content);
  expectError(errorOf([&] { const Package refused(damaged); }), MV_INVALID_INPUT, parameter.name);
  mv_package_options options = MV_PACKAGE_OPTIONS_INIT;
  options.skip_parameter_hashes = 1;
  const Package opened(damaged, options);
  expectError(errorOf([&] { opened.verify(2); }), MV_INVALID_INPUT,
              "the checksum of parameter 'unused' is wrong");
  EXPECT_NO_THROW(package.verify());
}

TEST(CAPIVersionTest, HasAVersion) {
  EXPECT_STREQ(mv_version(), "0.1.0");
  EXPECT_EQ(std::string(mv_cpu_target()).substr(0, 6), "x86-64");
}
