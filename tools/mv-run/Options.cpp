//===- Options.cpp - mv-run's command line --------------------------------------===//

#include "Options.h"

#include "mv/Support/Text.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>

using namespace mv;
using namespace mv::run;

std::string run::resolutionText(Resolution resolution) {
  return std::to_string(resolution.height) + "x" + std::to_string(resolution.width);
}

std::string run::imageShapeText(const ImageShape &shape) {
  std::string channels = std::to_string(shape.channels);
  std::string size = std::to_string(shape.resolution.height) + ", " + std::to_string(shape.resolution.width);
  return shape.isBytes ? "u8 [" + size + ", " + channels + "]" : "[" + channels + ", " + size + "]";
}

namespace {

/// What the parser stores for an option whose value is optional and was not given. Such options are flags to
/// it, so that a value needs '=' and `--labels pictures/` does not take the folder for the label file.
constexpr const char *kNoValue = "true";

struct RawText {
  std::string labels, benchmark, profile, randomInput, resolution, interpolation, format = "text",
                                                                                  norm = "max";
  int top = 0;
};

} // namespace

static void declareOptions(CLI::App &app, Options &options, RawText &raw) {
  app.add_option("MODEL", options.model, "The package that mv-compile wrote")->required();
  app.add_option(
      "INPUT", options.inputs,
      "Pictures (JPEG, PNG, WebP), folders of pictures, .npy files of normalised images [N, C, H, W], or "
      ".safetensors files with such a tensor `input`");

  app.add_option("--device", options.device, "cpu, cuda or cuda:N")->group("Running");
  app.add_option("--threads", options.threads, "CPU threads; default: one per CPU")->group("Running");
  app.add_option("--batch", options.batch, "Images per forward pass")->group("Running");
  app.add_option("--resolution", raw.resolution, "HxW, where MODEL holds several; default: its first")
      ->group("Running");
  app.add_option("--entry", options.entry,
                 "The entry point by name, where the size of the images does not say")
      ->group("Running");
  app.add_option("--interpolation", raw.interpolation,
                 "How pictures are resized: bicubic, bilinear, lanczos, box, nearest; default: MODEL's")
      ->group("Running");
  app.add_flag("--random-input", raw.randomInput,
               "Run images made up from SEED (default 1) instead of INPUT; the same on every machine")
      ->option_text("[=SEED]")
      ->group("Running");
  app.add_option("--images", options.randomImages,
                 "How many images --random-input makes up; default: one batch")
      ->group("Running");

  app.add_option("--top", raw.top, "Classes to show per image; default: 5, none with --labels or --expect")
      ->group("Results");
  app.add_option("--format", raw.format, "text or json")->group("Results");
  app.add_option("--save", options.save, "Write all outputs to this .safetensors file, in input order")
      ->group("Results");
  app.add_option("--expect", options.expect,
                 "Compare the outputs with this .safetensors file (whole tensors, or samples X_index and "
                 "X_value); exit code 1 if they differ")
      ->group("Results");
  app.add_option("--tolerance", options.tolerance,
                 "Largest difference that --expect accepts, relative to the values; default: 2e-5")
      ->group("Results");
  app.add_option("--norm", raw.norm,
                 "What --tolerance is for: max, max |error| / max |expected|; l2, |error| / |expected| of an "
                 "output as a vector")
      ->group("Results");
  app.add_flag(
         "--labels", raw.labels,
         "Print top-1 and top-5 accuracy; FILE.csv holds rows `picture,label`, without it each folder is "
         "a label")
      ->option_text("[=FILE.csv]")
      ->group("Results");

  app.add_flag(
         "--benchmark", raw.benchmark,
         "Measure forward passes for SECONDS (default 3), of random images without INPUT, and print JSON")
      ->option_text("[=SECONDS]")
      ->group("Measuring");
  app.add_flag("--profile", raw.profile,
               "Time, FLOP/s and bytes/s per kernel; TRACE.json becomes a trace for Perfetto")
      ->option_text("[=TRACE.json]")
      ->group("Measuring");
}

static Status invalidOption(const std::string &option, const std::string &expected,
                            const std::string &found) {
  return Status::invalidInput(option + ": expected " + expected + ", found " + quote(found));
}

static StatusOr<Resolution> parseResolution(const std::string &text) {
  Resolution result;
  const char *end = text.data() + text.size();
  auto [afterHeight, heightError] = std::from_chars(text.data(), end, result.height);
  bool good =
      heightError == std::errc() && afterHeight != end && (*afterHeight == 'x' || *afterHeight == 'X');
  if (good) {
    auto [afterWidth, widthError] = std::from_chars(afterHeight + 1, end, result.width);
    good = widthError == std::errc() && afterWidth == end;
  }
  if (!good || result.height <= 0 || result.width <= 0)
    return invalidOption("--resolution", "HEIGHTxWIDTH such as 224x224", text);
  return result;
}

static Status parseBenchmark(const std::string &text, Options &options) {
  constexpr double kDefaultSeconds = 3;
  double seconds = kDefaultSeconds;
  if (text != kNoValue) {
    const char *end = text.data() + text.size();
    auto [after, error] = std::from_chars(text.data(), end, seconds);
    if (error != std::errc() || after != end || !std::isfinite(seconds) || seconds <= 0)
      return invalidOption("--benchmark", "a number of seconds above 0", text);
  }
  options.benchmarkSeconds = seconds;
  return {};
}

/// `--labels FILE.csv`, without '=': the parser took the file for an input, which it cannot be.
static void takeLabelFile(Options &options) {
  auto file = std::find_if(options.inputs.begin(), options.inputs.end(),
                           [](const std::string &input) { return input.ends_with(".csv"); });
  if (file == options.inputs.end())
    return;
  options.labelsFile = *file;
  options.inputs.erase(file);
}

static Status parseSeed(const std::string &text, Options &options) {
  uint64_t seed = 1;
  if (text != kNoValue) {
    const char *end = text.data() + text.size();
    auto [after, error] = std::from_chars(text.data(), end, seed);
    if (error != std::errc() || after != end)
      return invalidOption("--random-input", "a whole number as seed", text);
  }
  options.randomSeed = seed;
  return {};
}

/// Turns what was given as text into values.
static Status interpretText(const CLI::App &app, const RawText &raw, Options &options) {
  if (app.count("--resolution")) {
    MV_ASSIGN_OR_RETURN(options.resolution, parseResolution(raw.resolution));
  }
  if (app.count("--interpolation")) {
    options.interpolation = parseInterpolation(raw.interpolation);
    if (!options.interpolation)
      return invalidOption("--interpolation", "bicubic, bilinear, lanczos, box or nearest",
                           raw.interpolation);
  }
  if (raw.format != "text" && raw.format != "json")
    return invalidOption("--format", "text or json", raw.format);
  options.format = raw.format == "json" ? OutputFormat::JSON : OutputFormat::Text;
  if (raw.norm != "max" && raw.norm != "l2")
    return invalidOption("--norm", "max or l2", raw.norm);
  options.norm = raw.norm == "l2" ? Norm::L2 : Norm::Max;
  if (app.count("--top"))
    options.top = raw.top;
  if (app.count("--labels")) {
    options.checkLabels = true;
    options.labelsFile = raw.labels == kNoValue ? "" : raw.labels;
    if (options.labelsFile.empty())
      takeLabelFile(options);
  }
  if (app.count("--profile")) {
    options.profile = true;
    options.traceFile = raw.profile == kNoValue ? "" : raw.profile;
  }
  if (app.count("--random-input"))
    MV_RETURN_IF_ERROR(parseSeed(raw.randomInput, options));
  if (app.count("--benchmark"))
    return parseBenchmark(raw.benchmark, options);
  return {};
}

static Status checkRanges(const CLI::App &app, const Options &options) {
  for (auto [name, value] :
       {std::pair{"--threads", options.threads}, std::pair{"--batch", options.batch},
        std::pair{"--top", options.top.value_or(0)}, std::pair{"--images", options.randomImages}})
    if (app.count(name) && value < 1)
      return invalidOption(name, "a number of at least 1", std::to_string(value));
  for (auto [name, file] : {std::pair{"--save", &options.save}, std::pair{"--expect", &options.expect}})
    if (app.count(name) && file->empty())
      return invalidOption(name, "the name of a .safetensors file", "");
  if (!(options.tolerance >= 0) || !std::isfinite(options.tolerance))
    return invalidOption("--tolerance", "a number of at least 0",
                         app.get_option("--tolerance")->as<std::string>());
  return {};
}

/// Combinations that contradict each other, and inputs that are missing.
static Status checkCombination(const CLI::App &app, const Options &options) {
  bool benchmark = options.benchmarkSeconds.has_value();
  bool random = options.randomSeed || (benchmark && options.inputs.empty());
  for (const char *other : {"--save", "--expect", "--labels", "--profile", "--top"})
    if (benchmark && app.count(other))
      return Status::invalidInput(std::string("--benchmark cannot be combined with ") + other +
                                  ": it measures and shows no results");
  if (options.randomSeed && !options.inputs.empty())
    return Status::invalidInput("--random-input takes the place of INPUT: expected no INPUT, found " +
                                quote(options.inputs.front()));
  if (random && options.checkLabels)
    return Status::invalidInput("--labels needs pictures: it cannot be combined with --random-input");
  if (app.count("--images") && (!options.randomSeed || benchmark))
    return Status::invalidInput("--images belongs to --random-input, without --benchmark");
  for (const char *option : {"--tolerance", "--norm"})
    if (app.count(option) && options.expect.empty())
      return Status::invalidInput(std::string(option) +
                                  " belongs to --expect=FILE.safetensors, which is missing");
  if (app.count("--entry") && options.resolution)
    return Status::invalidInput(
        "--entry and --resolution both say which entry point to run: give one of them");
  if (!random && options.inputs.empty() && options.labelsFile.empty())
    return Status::invalidInput(
        "nothing to run on: give pictures, folders, .npy or .safetensors files after the "
        "model, or --random-input (see --help)");
  return {};
}

static std::string oneLine(std::string text) {
  text.resize(std::min(text.find('\n'), text.size()));
  return text;
}

StatusOr<ParsedCommandLine> run::parseCommandLine(int argc, const char *const *argv) {
  CLI::App app("Runs a compiled MambaVision model on pictures or tensors.\n"
               "Exit codes: 0 done; 1 --expect found a difference; 2 the input is wrong; 3 the machine lacks "
               "something.",
               "mv-run");
  ParsedCommandLine result;
  RawText raw;
  declareOptions(app, result.options, raw);
  app.set_version_flag("--version", "mv-run " MV_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp &) {
    result.textOnly = app.help();
    return result;
  } catch (const CLI::CallForVersion &) {
    result.textOnly = app.version() + "\n";
    return result;
  } catch (const CLI::ParseError &error) {
    return Status::invalidInput(oneLine(error.what()) + " (see --help)");
  }
  MV_RETURN_IF_ERROR(interpretText(app, raw, result.options));
  MV_RETURN_IF_ERROR(checkRanges(app, result.options));
  MV_RETURN_IF_ERROR(checkCombination(app, result.options));
  return result;
}
