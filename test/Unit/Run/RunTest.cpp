//===- RunTest.cpp - The whole tool on a package made without the compiler ------===//
//
// The package of Package/TestModel.h, its outputs renamed to what models have: "centred" is stage0 [3, 4, 5]
// and "summary" is logits [4], of which two classes have names.
//
//===----------------------------------------------------------------------===//

#include "Run.h"
#include "Runtime/TestSession.h"

#include "mv/Support/Safetensors.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <numeric>

using namespace mv;
using namespace mv::run;
using nlohmann::json;

namespace {

struct RunResult {
  Status status;
  std::string output;
};

class RunTest : public testing::Test {
protected:
  static constexpr int64_t kImages = 5;

  RunTest() {
    model = test::writeRunnablePackage(folder, {"x86-64"}, [](package::ModelT &content) {
      content.entries[0]->outputs[0]->name = "stage0";
      content.entries[0]->outputs[1]->name = "logits";
    });
    images = test::testImages(kImages);
    TensorToWrite tensor{"input", ElementType::F32, {kImages, 3, 4, 5}, std::as_bytes(std::span(images))};
    Status status = writeSafetensors(folder.file("input.safetensors"), std::span(&tensor, 1));
    EXPECT_TRUE(status.ok()) << status.message();
  }

  /// Runs mv-run on `input` with these options.
  RunResult run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"mv-run", model});
    std::vector<const char *> pointers;
    for (const std::string &argument : arguments)
      pointers.push_back(argument.c_str());
    StatusOr<ParsedCommandLine> parsed = parseCommandLine(static_cast<int>(pointers.size()), pointers.data());
    if (!parsed.ok())
      return {parsed.status(), ""};
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr(); // Timings; they differ from run to run.
    Status status;
    try {
      status = runTool(parsed->options);
    } catch (const Error &error) { // As main does.
      status = Status(static_cast<StatusCode>(error.code()), error.what());
    }
    testing::internal::GetCapturedStderr();
    return {status, testing::internal::GetCapturedStdout()};
  }

  std::string input() const { return folder.file("input.safetensors"); }
  std::string copyPicture(const std::string &golden, const std::string &name) const {
    std::filesystem::create_directories(std::filesystem::path(folder.file(name)).parent_path());
    std::filesystem::copy_file(std::string(MV_TEST_INPUTS) + "/" + golden, folder.file(name));
    return folder.file(name);
  }

  test::TemporaryFolder folder;
  std::string model;
  std::vector<float> images;
};

} // namespace

/// --save holds what the kernels compute, image by image, also when the last batch is not full.
TEST_F(RunTest, SavesOutputs) {
  std::string path = folder.file("out.safetensors");
  RunResult result = run({input(), "--batch=2", "--threads=2", "--save=" + path});
  ASSERT_TRUE(result.status.ok()) << result.status.message();
  test::TestOutputs expected = test::expectedOutputs(images, kImages, 1);

  StatusOr<SafetensorsFile> file = SafetensorsFile::open(path);
  ASSERT_TRUE(file.ok()) << file.status().message();
  const TensorView *maps = file->find("stage0"), *logits = file->find("logits");
  ASSERT_TRUE(maps && logits);
  EXPECT_EQ(maps->shape, (std::vector<int64_t>{kImages, 3, 4, 5}));
  EXPECT_EQ(logits->shape, (std::vector<int64_t>{kImages, 4}));
  std::vector<float> values(expected.centred.size());
  maps->readFloats(0, values);
  EXPECT_EQ(values, expected.centred);
  values.resize(expected.summary.size());
  logits->readFloats(0, values);
  EXPECT_EQ(values, expected.summary);
}

/// The batch and the number of threads change nothing, down to the bit.
TEST_F(RunTest, BatchDoesNotMatter) {
  std::string path = folder.file("out.safetensors");
  ASSERT_TRUE(run({input(), "--batch=1", "--threads=1", "--save=" + path}).status.ok());
  for (const char *batch : {"--batch=2", "--batch=3", "--batch=5", "--batch=100"}) {
    RunResult result = run({input(), batch, "--threads=3", "--expect=" + path, "--tolerance=0"});
    EXPECT_TRUE(result.status.ok()) << result.status.message();
    EXPECT_NE(result.output.find("= 0 (300 values), within 0"), std::string::npos) << result.output;
  }
}

/// A difference is exit code 1, and the output says where.
TEST_F(RunTest, ExpectFindsADifference) {
  test::TestOutputs expected = test::expectedOutputs(images, kImages, 1);
  expected.centred[77] += 1;
  TensorToWrite tensor{
      "stage0", ElementType::F32, {kImages, 3, 4, 5}, std::as_bytes(std::span(expected.centred))};
  std::string path = folder.file("expected.safetensors");
  ASSERT_TRUE(writeSafetensors(path, std::span(&tensor, 1)).ok());
  RunResult result = run({input(), "--expect=" + path});
  EXPECT_EQ(result.status.code(), StatusCode::CheckFailed);
  EXPECT_NE(result.output.find("ABOVE 2e-05"), std::string::npos) << result.output;
  EXPECT_NE(result.output.find("position 77"), std::string::npos) << result.output;
  EXPECT_TRUE(run({input(), "--expect=" + path, "--tolerance=10"}).status.ok());
}

/// One value that is far off is little in a long vector: --norm says which of the two measures counts.
TEST_F(RunTest, Norms) {
  test::TestOutputs expected = test::expectedOutputs(images, kImages, 1);
  const double size = std::sqrt(
      std::inner_product(expected.centred.begin(), expected.centred.end(), expected.centred.begin(), 0.0));
  const auto [least, most] = std::minmax_element(expected.centred.begin(), expected.centred.end());
  const double largest = std::max<double>(std::fabs(*least), std::fabs(*most));
  expected.centred[77] += static_cast<float>(0.1 * largest);
  TensorToWrite tensor{
      "stage0", ElementType::F32, {kImages, 3, 4, 5}, std::as_bytes(std::span(expected.centred))};
  std::string path = folder.file("expected.safetensors");
  ASSERT_TRUE(writeSafetensors(path, std::span(&tensor, 1)).ok());
  ASSERT_GT(size, 5 * largest);
  EXPECT_TRUE(run({input(), "--expect=" + path, "--norm=l2", "--tolerance=0.02"}).status.ok());
  EXPECT_FALSE(run({input(), "--expect=" + path, "--norm=l2", "--tolerance=0.002"}).status.ok());
  EXPECT_FALSE(run({input(), "--expect=" + path, "--norm=max", "--tolerance=0.02"}).status.ok());
  EXPECT_EQ(run({input(), "--norm=l1", "--expect=" + path}).status.message(),
            "--norm: expected max or l2, found 'l1'");
  const json document = json::parse(run({input(), "--expect=" + path, "--norm=l2", "--format=json"}).output);
  EXPECT_NEAR(document["comparison"][0]["l2_error"], 0.1 * largest / size, 1e-3 * largest / size);
  EXPECT_EQ(document["comparison"][0]["norm"], "l2");
}

/// A model that no picture fits: other channels, no preprocessing, outputs of its own; two entry points for one size.
TEST_F(RunTest, ModelsOfTensors) {
  model = test::writeRunnablePackage(folder, {"x86-64"}, [](package::ModelT &content) {
    content.preprocessing = std::make_unique<package::PreprocessingT>();
    content.entries.push_back(test::testEntry());
    content.entries[0]->name = "first";
    content.entries[1]->name = "second";
    content.entries[1]->outputs[0]->name = "y";
    for (auto &entry : content.entries) {
      entry->channels = 1;
      entry->height = 20;
      entry->width = 3;
    }
  });
  TensorToWrite tensor{"input", ElementType::F32, {kImages, 1, 20, 3}, std::as_bytes(std::span(images))};
  ASSERT_TRUE(writeSafetensors(input(), std::span(&tensor, 1)).ok());
  test::TestOutputs expected = test::expectedOutputs(images, kImages, 1);
  TensorToWrite output{"y", ElementType::F32, {kImages, 3, 4, 5}, std::as_bytes(std::span(expected.centred))};
  std::string path = folder.file("expected.safetensors");
  ASSERT_TRUE(writeSafetensors(path, std::span(&output, 1)).ok());
  RunResult result = run({input(), "--entry=second", "--batch=2", "--expect=" + path, "--tolerance=0"});
  EXPECT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_NE(result.output.find("y       max"), std::string::npos) << result.output;
  EXPECT_TRUE(run({"--random-input", "--images=3"}).status.ok());

  auto errorOf = [&](const std::vector<std::string> &arguments) { return run(arguments).status.message(); };
  EXPECT_NE(errorOf({input(), "--expect=" + path})
                .find("holds nothing to compare: expected a tensor of one of the outputs centred, summary"),
            std::string::npos);
  EXPECT_NE(
      errorOf({input(), "--entry=third"}).find("no entry point 'third': the package has 'first, second'"),
      std::string::npos);
  EXPECT_NE(errorOf({copyPicture("rgb.png", "a.png")}).find("does not say how pictures become its input"),
            std::string::npos);
  tensor.shape = {kImages, 3, 20, 1};
  ASSERT_TRUE(writeSafetensors(input(), std::span(&tensor, 1)).ok());
  EXPECT_NE(
      errorOf({input(), "--entry=first"}).find("images [3, 20, 1], but entry point 'first' takes [1, 20, 3]"),
      std::string::npos);
  EXPECT_NE(errorOf({input()}).find("20x1"), std::string::npos);
}

/// A model that normalises pictures itself is given bytes: tensors, pictures, random ones.
TEST_F(RunTest, Pictures) {
  model = test::writePicturePackage(folder);
  std::vector<uint8_t> pictures = test::testPictures(kImages);
  TensorToWrite tensor{"input", ElementType::U8, {kImages, 4, 5, 3}, std::as_bytes(std::span(pictures))};
  const std::string bytes = folder.file("bytes.safetensors"),
                    expectation = folder.file("expected.safetensors");
  ASSERT_TRUE(writeSafetensors(bytes, std::span(&tensor, 1)).ok());
  test::TestOutputs expected = test::expectedOutputs(test::asImages(pictures), kImages, 1);
  TensorToWrite output{
      "centred", ElementType::F32, {kImages, 3, 4, 5}, std::as_bytes(std::span(expected.centred))};
  ASSERT_TRUE(writeSafetensors(expectation, std::span(&output, 1)).ok());
  RunResult result = run({bytes, "--batch=2", "--expect=" + expectation, "--tolerance=0"});
  EXPECT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_TRUE(run({copyPicture("rgb.png", "a.png"), bytes}).status.ok());
  EXPECT_TRUE(run({"--random-input", "--images=3"}).status.ok());

  EXPECT_NE(run({input()}).status.message().find("the input tensor holds images [3, 4, 5], but entry point "
                                                 "'forward_4x5' takes u8 [4, 5, 3], pictures that are not "
                                                 "normalised"),
            std::string::npos);
  model = test::writeRunnablePackage(folder);
  EXPECT_NE(run({bytes}).status.message().find("the input tensor holds images u8 [4, 5, 3], but entry point "
                                               "'forward_4x5' takes [3, 4, 5], normalised images"),
            std::string::npos);
}

/// Pictures have three channels.
TEST_F(RunTest, NegativePicturesForOtherChannels) {
  model = test::writeRunnablePackage(folder, {"x86-64"}, [](package::ModelT &content) {
    content.preprocessing->mean = content.preprocessing->std = {1};
    content.entries[0]->channels = 1;
    content.entries[0]->height = 12;
  });
  EXPECT_NE(run({copyPicture("rgb.png", "a.png")})
                .status.message()
                .find("takes images of 1 channel, and pictures have 3"),
            std::string::npos);
}

/// Best classes first, with names where there are any; the probabilities of all classes sum to one.
TEST_F(RunTest, ReportsClasses) {
  json document = json::parse(run({input(), "--format=json", "--top=4", "--batch=2"}).output);
  ASSERT_EQ(document["results"].size(), size_t(kImages));
  test::TestOutputs expected = test::expectedOutputs(images, kImages, 1);
  for (size_t image = 0; image < size_t(kImages); ++image) {
    const json &result = document["results"][image];
    EXPECT_EQ(result["input"], input() + "[" + std::to_string(image) + "]");
    double sum = 0, last = INFINITY;
    for (const json &candidate : result["top"]) {
      EXPECT_LE(candidate["logit"], last);
      last = candidate["logit"];
      sum += candidate["probability"].get<double>();
      int index = candidate["class"];
      EXPECT_EQ(candidate["logit"].get<float>(), expected.summary[image * 4 + static_cast<size_t>(index)]);
      EXPECT_EQ(candidate["label"], index == 0 ? json("cat") : index == 1 ? json("dog") : json());
    }
    EXPECT_NEAR(sum, 1, 1e-12);
  }
  std::string text = run({input(), "--top=1"}).output;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2 * kImages);
}

/// Labels taken from a first run are all right in the second; a wrong one is counted.
TEST_F(RunTest, CountsRightAnswers) {
  std::vector<std::string> pictures = {copyPicture("rgb-420.jpg", "p/a.jpg"),
                                       copyPicture("rgba.png", "p/b.png"),
                                       copyPicture("lossy.webp", "p/c.webp")};
  json document = json::parse(run({folder.file("p"), "--format=json", "--top=1"}).output);
  std::string rows;
  for (const json &result : document["results"]) {
    int index = result["top"][0]["class"];
    rows += result["input"].get<std::string>() + "," + std::to_string(index) + "\n";
  }
  RunResult right = run({"--labels=" + folder.write("labels.csv", rows)});
  EXPECT_EQ(right.output, "top-1 accuracy 100.00% (3 of 3)\ntop-5 accuracy 100.00% (3 of 3)\n");

  rows.replace(rows.find('\n') - 1, 1, rows[rows.find('\n') - 1] == '3' ? "2" : "3");
  RunResult wrong = run({folder.file("p"), "--format=json", "--labels=" + folder.write("labels.csv", rows)});
  json accuracy = json::parse(wrong.output)["accuracy"];
  EXPECT_EQ(accuracy["top1_correct"], 2);
  EXPECT_EQ(accuracy["images"], 3);
}

/// What --benchmark promises.
TEST_F(RunTest, Benchmark) {
  json document = json::parse(run({"--benchmark=0.01", "--batch=3", "--threads=1"}).output);
  for (const char *key : {"median_ms", "p90_ms", "p99_ms", "images_per_second"})
    EXPECT_GT(document[key].get<double>(), 0) << key;
  EXPECT_LE(document["median_ms"], document["p90_ms"]);
  EXPECT_LE(document["p90_ms"], document["p99_ms"]);
  EXPECT_EQ(document["batch"], 3);
  EXPECT_EQ(document["threads"], 1);
  EXPECT_EQ(document["device"], "cpu");
}

/// Every dispatch is an event of the trace and every kernel a row of the table; shares sum to one.
TEST_F(RunTest, Profile) {
  RunResult result =
      run({"--random-input", "--batch=2", "--format=json", "--profile=" + folder.file("trace.json")});
  ASSERT_TRUE(result.status.ok()) << result.status.message();
  json kernels = json::parse(result.output)["profile"]["kernels"];
  ASSERT_EQ(kernels.size(), 3u);
  double share = 0;
  for (const json &kernel : kernels) {
    EXPECT_EQ(kernel["calls"], 1);
    share += kernel["share"].get<double>();
  }
  EXPECT_NEAR(share, 1, 1e-9);

  std::vector<std::string> names;
  json trace = json::parse(folder.read("trace.json"));
  for (const json &event : trace["traceEvents"])
    if (event["ph"] == "X")
      names.push_back(event["name"]);
  EXPECT_EQ(names, (std::vector<std::string>{"stem.scale", "stem.centre", "head"}));
}

/// A bad picture stops the run: nothing is saved, and no temporary file is left.
TEST_F(RunTest, NegativeBadPicture) {
  copyPicture("rgb.png", "p/a.png");
  folder.write("p/b.png", "no picture");
  RunResult result = run({folder.file("p"), "--save=" + folder.file("p/out.safetensors")});
  EXPECT_EQ(result.status.code(), StatusCode::InvalidInput);
  EXPECT_NE(result.status.message().find("b.png': not a picture"), std::string::npos)
      << result.status.message();
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.file("p")), {}), 2);
}

/// Mistakes are found before the first image is run.
TEST_F(RunTest, NegativeInputs) {
  auto errorOf = [&](const std::vector<std::string> &arguments) { return run(arguments).status.message(); };
  EXPECT_NE(errorOf({input(), "--save=" + folder.file("none/out.safetensors")}).find("cannot write"),
            std::string::npos);
  EXPECT_NE(errorOf({input(), "--labels"}).find("--labels needs pictures"), std::string::npos);
  EXPECT_NE(errorOf({input(), "--resolution=8x8"})
                .find("--resolution is 8x8, but the input tensor holds images of 4x5"),
            std::string::npos);
  EXPECT_NE(errorOf({input(), "--expect=" + folder.file("none.safetensors")}).find("none.safetensors"),
            std::string::npos);
  EXPECT_NE(errorOf({"--random-input", "--device=tpu"}).find("unknown device 'tpu'"), std::string::npos);
}
