//===- InspectTest.cpp - mv-inspect ---------------------------------------------===//

#include "Inspect.h"
#include "TestSession.h"

#include <nlohmann/json.hpp>

using namespace mv;
using namespace mv::test;

namespace {

struct InspectTest : testing::Test {
  TemporaryFolder folder;
  std::string path = writeRunnablePackage(folder, {"x86-64", "x86-64-v3"});

  static inspect::Result run(std::vector<const char *> arguments) {
    arguments.insert(arguments.begin(), "mv-inspect");
    return inspect::inspect(static_cast<int>(arguments.size()), arguments.data());
  }
  static void expectRefused(const inspect::Result &result, int exitCode, const std::string &part) {
    EXPECT_EQ(result.exitCode, exitCode);
    EXPECT_EQ(result.output, "");
    EXPECT_NE(result.error.find(part), std::string::npos) << result.error;
    EXPECT_EQ(result.error.find('\n'), std::string::npos) << result.error;
  }
};

} // namespace

TEST_F(InspectTest, TellsPeople) {
  const inspect::Result result = run({path.c_str()});
  EXPECT_EQ(result.exitCode, 0) << result.error;
  for (const char *part : {"licence        CC-BY-NC-SA-4.0", "labels         2: cat, dog", "x86-64-v3",
                           "forward_4x5  3x4x5", "centred 3x4x5, summary 4", "Kernels: 3",
                           "x86-64: 2, x86-64-v3: 2", "Parameters: 2", "tensor<3xf32>"})
    EXPECT_NE(result.output.find(part), std::string::npos) << part << " in\n" << result.output;
}

TEST_F(InspectTest, TellsPrograms) {
  const inspect::Result result = run({path.c_str(), "--format=json"});
  const nlohmann::json json = nlohmann::json::parse(result.output);
  EXPECT_EQ(json["licence"], "CC-BY-NC-SA-4.0");
  EXPECT_EQ(json["labels"], (nlohmann::json{"cat", "dog"}));
  EXPECT_EQ(json["targets"][1]["name"], "x86-64-v3");
  EXPECT_EQ(json["entries"][0]["input"], (nlohmann::json{3, 4, 5}));
  EXPECT_EQ(json["entries"][0]["outputs"][0]["shape"], (nlohmann::json{3, 4, 5}));
  EXPECT_EQ(json["kernels"][1]["implementations"][0]["phases"][0]["multiplier"], 2);
  EXPECT_EQ(json["parameters"][0]["bytes"], sizeof(kFactors));
  const std::string hash = json["parameters"][0]["checksum"];
  EXPECT_EQ(hash, inspect::hashText(package::hashBytes(std::as_bytes(std::span(kFactors)))));
}

TEST_F(InspectTest, TellsPicturesFromNumbers) {
  EXPECT_EQ(nlohmann::json::parse(run({path.c_str(), "--format=json"}).output)["entries"][0]["input_type"],
            "f32");
  const std::string pictures = writePicturePackage(folder);
  EXPECT_NE(run({pictures.c_str()}).output.find("forward_4x5  u8 4x5x3"), std::string::npos);
  const nlohmann::json json = nlohmann::json::parse(run({pictures.c_str(), "--format=json"}).output);
  EXPECT_EQ(json["entries"][0]["input"], (nlohmann::json{4, 5, 3}));
  EXPECT_EQ(json["entries"][0]["input_type"], "u8");
}

TEST_F(InspectTest, Verifies) {
  EXPECT_NE(run({path.c_str(), "--verify"}).output.find("All checksums are right."), std::string::npos);
  std::string content = folder.read("model.mvx");
  content[package::kSectionAlignment] ^= 1;
  const std::string damaged = folder.write("damaged.mvx", content);
  EXPECT_EQ(run({damaged.c_str()}).exitCode, 0); // Not asked, the parameters stay unread.
  expectRefused(run({damaged.c_str(), "--verify"}), 2, "the checksum of parameter 'factors' is wrong");
}

TEST_F(InspectTest, ExtractsCode) {
  const std::string file = folder.file("code.bin");
  const inspect::Result result = run({path.c_str(), "--extract-code", "x86-64-v3", file.c_str()});
  EXPECT_EQ(result.exitCode, 0) << result.error;
  const std::string content = folder.read("code.bin");
  const package::CodeBlob expected = readCode("x86-64-v3");
  ASSERT_EQ(content.size(), expected.bytes.size());
  EXPECT_EQ(std::memcmp(content.data(), expected.bytes.data(), content.size()), 0);
  EXPECT_EQ(run({path.c_str(), "--extract-code=x86-64", file.c_str()}).exitCode, 0);
  expectRefused(run({path.c_str(), "--extract-code", "sm_80", file.c_str()}), 2,
                "expected x86-64, x86-64-v3");
  expectRefused(run({path.c_str(), "--extract-code", "x86-64", "/nonexistent/file"}), 2, "/nonexistent/file");
}

TEST_F(InspectTest, NegativeCommandLines) {
  EXPECT_EQ(run({"--help"}).exitCode, 0);
  expectRefused(run({}), 2, "MODEL is required");
  expectRefused(run({path.c_str(), "--format=xml"}), 2, "--format");
  expectRefused(run({"/nonexistent.mvx"}), 2, "cannot open '/nonexistent.mvx'");
}
