//===- OptionsTest.cpp - mv-run's command line ----------------------------------===//

#include "Options.h"

#include <gtest/gtest.h>

using namespace mv;
using namespace mv::run;

static StatusOr<ParsedCommandLine> parse(std::vector<const char *> arguments) {
  arguments.insert(arguments.begin(), "mv-run");
  return parseCommandLine(static_cast<int>(arguments.size()), arguments.data());
}

static std::string errorOf(const std::vector<const char *> &arguments) {
  StatusOr<ParsedCommandLine> result = parse(arguments);
  if (result.ok())
    return "";
  EXPECT_EQ(result.status().code(), StatusCode::InvalidInput);
  EXPECT_EQ(result.status().message().find('\n'), std::string::npos);
  return result.status().message();
}

TEST(Options, Everything) {
  StatusOr<ParsedCommandLine> result =
      parse({"m.mvx", "a.png", "--device=cuda:1", "--threads=3", "--batch", "4", "--top=2", "--format=json",
             "--save=o.safetensors", "b", "--expect=e.safetensors", "--tolerance=1e-3", "--labels=l.csv",
             "--profile=t.json", "--resolution=256x192", "--interpolation=bilinear"});
  ASSERT_TRUE(result.ok()) << result.status().message();
  const Options &options = result->options;
  EXPECT_EQ(options.model, "m.mvx");
  EXPECT_EQ(options.inputs, (std::vector<std::string>{"a.png", "b"}));
  EXPECT_EQ(options.device, "cuda:1");
  EXPECT_EQ(options.threads, 3);
  EXPECT_EQ(options.batch, 4);
  EXPECT_EQ(options.top, 2);
  EXPECT_EQ(options.format, OutputFormat::JSON);
  EXPECT_EQ(options.save, "o.safetensors");
  EXPECT_EQ(options.expect, "e.safetensors");
  EXPECT_EQ(options.tolerance, 1e-3);
  EXPECT_EQ(options.labelsFile, "l.csv");
  EXPECT_EQ(options.traceFile, "t.json");
  EXPECT_EQ(options.resolution, (Resolution{256, 192}));
  EXPECT_EQ(options.interpolation, Interpolation::Bilinear);
}

TEST(Options, Defaults) {
  StatusOr<ParsedCommandLine> result = parse({"m.mvx", "a.png"});
  ASSERT_TRUE(result.ok()) << result.status().message();
  EXPECT_EQ(result->options.device, "cpu");
  EXPECT_EQ(result->options.tolerance, 2e-5);
  EXPECT_FALSE(result->options.checkLabels);
  EXPECT_FALSE(result->options.profile);
  EXPECT_FALSE(result->options.benchmarkSeconds);
  EXPECT_FALSE(result->textOnly);
}

/// Options with an optional value do not swallow the input after them.
TEST(Options, OptionalValues) {
  StatusOr<ParsedCommandLine> labels = parse({"m.mvx", "--labels", "pictures", "--profile", "more"});
  ASSERT_TRUE(labels.ok()) << labels.status().message();
  EXPECT_TRUE(labels->options.checkLabels);
  EXPECT_EQ(labels->options.labelsFile, "");
  EXPECT_EQ(labels->options.inputs, (std::vector<std::string>{"pictures", "more"}));
  EXPECT_TRUE(labels->options.profile);
  StatusOr<ParsedCommandLine> file = parse({"m.mvx", "--labels", "l.csv", "pictures"});
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(file->options.labelsFile, "l.csv");
  EXPECT_EQ(file->options.inputs, std::vector<std::string>{"pictures"});
  EXPECT_EQ(labels->options.traceFile, "");
  EXPECT_EQ(*parse({"m.mvx", "--benchmark"})->options.benchmarkSeconds, 3);
  EXPECT_EQ(*parse({"m.mvx", "--benchmark=0.25"})->options.benchmarkSeconds, 0.25);
}

/// A label file or a benchmark needs no input; help and version need no model.
TEST(Options, NoInput) {
  EXPECT_EQ(errorOf({"m.mvx", "--labels=l.csv"}), "");
  EXPECT_EQ(errorOf({"m.mvx", "--benchmark"}), "");
  EXPECT_EQ(parse({"m.mvx", "--random-input"})->options.randomSeed, 1u);
  EXPECT_EQ(parse({"m.mvx", "--random-input=7", "--images=3"})->options.randomImages, 3);
  EXPECT_NE(parse({"--help"})->textOnly->find("--tolerance"), std::string::npos);
  EXPECT_EQ(parse({"--version"})->textOnly->find("mv-run "), 0u);
}

TEST(Options, NegativeValues) {
  EXPECT_NE(errorOf({}).find("MODEL is required"), std::string::npos);
  EXPECT_NE(errorOf({"m.mvx", "a", "--frobnicate"}).find("--frobnicate"), std::string::npos);
  EXPECT_NE(errorOf({"m.mvx", "a", "--batch=x"}).find("--batch"), std::string::npos);
  EXPECT_EQ(errorOf({"m.mvx", "a", "--batch=0"}), "--batch: expected a number of at least 1, found '0'");
  EXPECT_EQ(errorOf({"m.mvx", "a", "--threads=-1"}),
            "--threads: expected a number of at least 1, found '-1'");
  EXPECT_EQ(errorOf({"m.mvx", "a", "--top=0"}), "--top: expected a number of at least 1, found '0'");
  EXPECT_EQ(errorOf({"m.mvx", "a", "--format=xml"}), "--format: expected text or json, found 'xml'");
  for (const char *resolution :
       {"--resolution=224", "--resolution=0x5", "--resolution=2x", "--resolution=2x3x4"})
    EXPECT_NE(errorOf({"m.mvx", "a", resolution}).find("--resolution: expected HEIGHTxWIDTH"),
              std::string::npos);
  EXPECT_NE(errorOf({"m.mvx", "a", "--interpolation=cubic"}).find("expected bicubic, bilinear"),
            std::string::npos);
  EXPECT_NE(errorOf({"m.mvx", "--benchmark=-1"}).find("--benchmark: expected a number of seconds"),
            std::string::npos);
  EXPECT_NE(errorOf({"m.mvx", "--benchmark=fast"}).find("found 'fast'"), std::string::npos);
  EXPECT_NE(errorOf({"m.mvx", "a", "--expect=e", "--tolerance=-1"}).find("--tolerance"), std::string::npos);
}

TEST(Options, NegativeCombinations) {
  EXPECT_NE(errorOf({"m.mvx"}).find("nothing to run on"), std::string::npos);
  EXPECT_NE(errorOf({"m.mvx", "--labels"}).find("nothing to run on"), std::string::npos);
  EXPECT_NE(errorOf({"m.mvx", "a", "--random-input"}).find("takes the place of INPUT"), std::string::npos);
  EXPECT_NE(errorOf({"m.mvx", "--random-input", "--labels"}).find("--labels needs pictures"),
            std::string::npos);
  EXPECT_NE(errorOf({"m.mvx", "--benchmark", "--save=x"}).find("--benchmark cannot be combined with --save"),
            std::string::npos);
  EXPECT_EQ(errorOf({"m.mvx", "--random-input=-1"}),
            "--random-input: expected a whole number as seed, found '-1'");
  EXPECT_NE(errorOf({"m.mvx", "a", "--images=2"}).find("--images belongs to --random-input"),
            std::string::npos);
  EXPECT_NE(errorOf({"m.mvx", "a", "--tolerance=1"}).find("belongs to --expect"), std::string::npos);
}
