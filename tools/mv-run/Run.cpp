//===- Run.cpp - What mv-run does -----------------------------------------------===//
//
// Everything that can be wrong is found before the first image is run: the inputs are looked at, the labels
// are matched with them, the expected outputs are checked against the model's. Pictures are the exception;
// they are decoded batch by batch.
//
//===----------------------------------------------------------------------===//

#include "Run.h"
#include "Benchmark.h"
#include "Compare.h"
#include "Inputs.h"
#include "Labels.h"
#include "Model.h"
#include "Profile.h"
#include "Progress.h"
#include "RandomImages.h"
#include "Report.h"

#include "mv/Support/MappedFile.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <future>

using namespace mv;
using namespace mv::run;
using Clock = std::chrono::steady_clock;

//===----------------------------------------------------------------------===//
// Decisions
//===----------------------------------------------------------------------===//

static constexpr int kDefaultTop = 5;

/// Images per forward pass where the user does not say. On two cores, T runs a third more images per second
/// eight at a time than one by one, and hardly more sixteen at a time; a GPU needs many to be busy.
static size_t chooseBatch(const Options &options, size_t images) {
  if (options.batch > 0)
    return static_cast<size_t>(options.batch);
  return std::min<size_t>(images, options.device == "cpu" ? 8 : 64);
}

//===----------------------------------------------------------------------===//
// Preparation
//===----------------------------------------------------------------------===//

namespace {

/// A run whose inputs have been checked.
struct Job {
  const Options &options;
  Model model;
  InputList inputs;
  std::optional<ClassNames> names;
  std::vector<int> rightClasses; ///< One per input with --labels, else empty.
  std::optional<ExpectedOutputs> expected;
  int top = 0;                    ///< Classes to show per input.
  bool showFeatures = false;      ///< Where there are no classes to show.
  std::vector<bool> keptOutputs;  ///< Needed after the run: for --save and --expect.
  std::vector<bool> shownOutputs; ///< Needed right after each batch.
};

/// Accumulates the time of a scope.
class Stopwatch {
public:
  explicit Stopwatch(double &seconds) : seconds_(seconds) {}
  ~Stopwatch() { seconds_ += std::chrono::duration<double>(Clock::now() - start_).count(); }
  Stopwatch(const Stopwatch &) = delete;
  Stopwatch &operator=(const Stopwatch &) = delete;

private:
  double &seconds_;
  Clock::time_point start_ = Clock::now();
};

} // namespace

static size_t countImages(const Job &job) {
  if (!job.options.randomSeed)
    return job.inputs.size();
  return job.options.randomImages > 0 ? static_cast<size_t>(job.options.randomImages)
                                      : chooseBatch(job.options, 1);
}

/// The names of the inputs if all are pictures, else nothing.
static std::vector<std::string> pictureNames(const InputList &inputs) {
  std::vector<std::string> names;
  for (const Input &input : inputs) {
    if (!input.isPicture())
      return {};
    names.push_back(input.name);
  }
  return names;
}

static Status prepareLabels(Job &job, const std::optional<LabelFile> &file) {
  if (!job.options.checkLabels)
    return {};
  if (!job.names)
    return Status::invalidInput("--labels needs the output logits, but the model only has " +
                                outputNames(job.model.outputs) + "; compile it with --outputs=logits,...");
  if (file) {
    MV_ASSIGN_OR_RETURN(job.rightClasses, file->classesOf(job.inputs, *job.names));
  } else {
    MV_ASSIGN_OR_RETURN(job.rightClasses, classesByFolder(job.inputs, *job.names));
  }
  return {};
}

static void chooseOutputs(Job &job) {
  bool isCheck = job.options.checkLabels || !job.options.expect.empty();
  job.top = job.options.top.value_or(isCheck ? 0 : kDefaultTop);
  job.showFeatures = !job.names && job.top > 0;
  size_t count = job.model.outputs.size();
  job.keptOutputs.assign(count, !job.options.save.empty());
  job.shownOutputs.assign(count, job.showFeatures);
  for (size_t i = 0; i < count; ++i) {
    if (job.expected && job.expected->wants(i))
      job.keptOutputs[i] = true;
    if (job.model.logits() == i && (job.top > 0 || job.options.checkLabels))
      job.shownOutputs[i] = true;
  }
}

/// Whether the files to write can be written; they are written after the run, when it is late to find out.
static Status checkWritable(const Options &options) {
  for (const std::string &path : {options.save, options.traceFile})
    if (!path.empty()) {
      MV_RETURN_IF_ERROR(AtomicFile::create(path).status());
    }
  return {};
}

/// Opens and checks everything but the pictures.
static StatusOr<Job> prepare(const Options &options) {
  MV_RETURN_IF_ERROR(checkWritable(options));
  std::optional<LabelFile> labelFile;
  std::vector<std::string> arguments = options.inputs;
  if (!options.labelsFile.empty()) {
    std::error_code ignored; // What cannot be examined is opened as a file, which says why it cannot.
    bool isFolder = std::filesystem::is_directory(options.labelsFile, ignored);
    if (!isFolder) {
      MV_ASSIGN_OR_RETURN(labelFile, LabelFile::open(options.labelsFile));
    }
    // Labels alone say which pictures to run.
    if (arguments.empty())
      arguments = isFolder ? std::vector{options.labelsFile} : labelFile->picturePaths();
  }
  MV_ASSIGN_OR_RETURN(InputList inputs, InputList::collect(arguments));
  MV_ASSIGN_OR_RETURN(std::optional<Resolution> tensorResolution, inputs.tensorResolution());

  Job job{options, Model(options.model), std::move(inputs), {}, {}, {}, 0, false, {}, {}};
  MV_RETURN_IF_ERROR(chooseEntry(job.model, options, tensorResolution));
  job.names = job.model.classNames();
  MV_RETURN_IF_ERROR(prepareLabels(job, labelFile));
  if (!options.expect.empty()) {
    size_t images = countImages(job);
    MV_ASSIGN_OR_RETURN(job.expected, ExpectedOutputs::open(options.expect, job.model.outputs, images));
    MV_RETURN_IF_ERROR(job.expected->checkPictures(pictureNames(job.inputs)));
  }
  chooseOutputs(job);
  return job;
}

static Session openSession(const Job &job) {
  mv_session_options options = MV_SESSION_OPTIONS_INIT;
  options.device = job.options.device.c_str();
  options.threads = static_cast<unsigned>(job.options.threads);
  return Session(job.model.package, options);
}

//===----------------------------------------------------------------------===//
// The run
//===----------------------------------------------------------------------===//

/// Reads batches, one ahead of the model where the model leaves the CPU idle.
namespace {
class BatchLoader {
public:
  BatchLoader(const Job &job, size_t batch, size_t images)
      : job_(job), batch_(batch), images_(images), pool_(static_cast<unsigned>(job.options.threads)),
        isAhead_(job.options.device != "cpu") {}

  /// The images from `begin` on, one batch or what is left; valid until the next but one call.
  StatusOr<std::span<const float>> load(size_t begin) {
    Status status = pending_.valid() ? pending_.get() : fill(begin);
    if (!status.ok())
      return status;
    std::span<const float> result = buffers_[current_];
    size_t next = begin + batch_;
    if (isAhead_) {
      current_ = 1 - current_;
      if (next < images_)
        pending_ = std::async(std::launch::async, [this, next] { return fill(next); });
    }
    return result;
  }

private:
  Status fill(size_t begin) {
    size_t count = std::min(batch_, images_ - begin);
    AlignedFloats &buffer = buffers_[current_];
    buffer.resize(count * job_.model.imageSize());
    if (job_.options.randomSeed) {
      makeRandomImages(*job_.options.randomSeed, job_.model.resolution, begin, count, buffer.data());
      return {};
    }
    return job_.inputs.load(begin, count, job_.model.preprocessing, pool_, buffer.data());
  }

  const Job &job_;
  size_t batch_, images_;
  ThreadPool pool_;
  bool isAhead_;
  AlignedFloats buffers_[2];
  int current_ = 0;
  std::future<Status> pending_; // Last: its destructor waits for the thread that uses the rest.
};
} // namespace

/// What a run accumulates.
namespace {
struct Results {
  Report report;
  OutputStore kept;
  Accuracy accuracy;
  Timings timings;
};
} // namespace

/// Shows what there is to show of images [begin, begin + count), whose outputs stand in `kept` or `shown`.
static void showBatch(const Job &job, const OutputStore &shown, size_t begin, size_t count,
                      Results &results) {
  for (size_t i = 0; i < count; ++i) {
    size_t image = begin + i;
    std::string name =
        job.options.randomSeed ? "random[" + std::to_string(image) + "]" : job.inputs[image].name;
    if (job.showFeatures)
      results.report.addFeatures(name, shown, i);
    std::optional<size_t> logits = job.model.logits();
    if (!logits || !shown.isKept(*logits))
      continue;
    std::span<const float> values = shown.valuesOf(*logits, i);
    if (job.top > 0)
      results.report.addClasses(name, topClasses(values, static_cast<size_t>(job.top)), *job.names);
    if (!job.rightClasses.empty())
      results.accuracy.add(values, job.rightClasses[image]);
  }
}

/// Runs all images, batch by batch.
static Status runImages(const Job &job, Session &session, size_t images, size_t batch, Results &results) {
  // What is kept is written where it stays; what is only shown goes to a buffer of one batch.
  OutputStore shown(job.model.outputs, batch, job.shownOutputs);
  BatchLoader loader(job, batch, images);
  Progress progress(images);
  for (size_t begin = 0; begin < images; begin += batch) {
    size_t count = std::min(batch, images - begin);
    std::span<const float> input;
    {
      Stopwatch watch(results.timings.load);
      MV_ASSIGN_OR_RETURN(input, loader.load(begin));
    }
    std::vector<float *> outputs = shown.pointers(0), kept = results.kept.pointers(begin);
    for (size_t i = 0; i < outputs.size(); ++i)
      outputs[i] = outputs[i] ? outputs[i] : kept[i];
    {
      Stopwatch watch(results.timings.model);
      session.run(job.model.entry, static_cast<int64_t>(count), input.data(), outputs);
    }
    for (size_t i = 0; i < outputs.size(); ++i)
      if (outputs[i] && kept[i] && outputs[i] != kept[i])
        std::copy_n(outputs[i], count * job.model.outputs[i].elements, kept[i]);
    if (job.top > 0 && job.options.format == OutputFormat::Text)
      progress.hide();
    showBatch(job, shown, begin, count, results);
    progress.update(begin + count);
  }
  return {};
}

/// Compares with --expect; the Status says whether all is within the tolerance.
static Status compareOutputs(const Job &job, Results &results) {
  std::string failed;
  for (const Comparison &comparison : job.expected->compare(results.kept)) {
    results.report.addComparison(comparison, job.options.tolerance);
    if (!(comparison.error <= job.options.tolerance))
      failed += (failed.empty() ? "" : ", ") + comparison.output;
  }
  if (failed.empty())
    return {};
  return {StatusCode::CheckFailed,
          "outputs differ from " + job.options.expect + " by more than the tolerance: " + failed};
}

static void addFacts(const Job &job, const Session &session, size_t batch, Report &report) {
  mv_session_info info = session.info();
  report.setFact("model", job.options.model);
  report.setFact("resolution", resolutionText(job.model.resolution));
  report.setFact("device", info.device);
  report.setFact("target", info.target);
  report.setFact("threads", info.threads);
  report.setFact("batch", batch);
}

/// --profile: on the first batch, apart from the run itself.
static Status profileFirstBatch(const Job &job, Session &session, size_t images, size_t batch,
                                Report &report) {
  BatchLoader loader(job, std::min(batch, images), std::min(batch, images));
  MV_ASSIGN_OR_RETURN(std::span<const float> input, loader.load(0));
  Profile profile = takeProfile(job.model, session, input, std::min(batch, images));
  if (job.options.format == OutputFormat::JSON)
    report.setFact("profile", profileDocument(profile));
  else
    std::fputs(profileText(profile).c_str(), stdout);
  return job.options.traceFile.empty() ? Status() : writeTrace(job.options.traceFile, profile);
}

static Status runBenchmark(const Options &options) {
  MV_ASSIGN_OR_RETURN(Job job, prepare(options));
  size_t batch = chooseBatch(options, std::max<size_t>(1, job.inputs.size()));
  Session session = openSession(job);
  size_t values = batch * job.model.imageSize();
  AlignedFloats images(values);
  if (job.inputs.size() == 0) {
    makeRandomImages(options.randomSeed.value_or(1), job.model.resolution, 0, batch, images.data());
  } else {
    // The inputs given, repeated until the batch is full.
    size_t count = std::min(batch, job.inputs.size());
    ThreadPool pool(static_cast<unsigned>(options.threads));
    MV_RETURN_IF_ERROR(job.inputs.load(0, count, job.model.preprocessing, pool, images.data()));
    for (size_t i = count * job.model.imageSize(); i < values; ++i)
      images[i] = images[i - count * job.model.imageSize()];
  }
  session.reserve(job.model.entry, static_cast<int64_t>(batch));
  printDocument(benchmark(job.model, session, images, batch, *options.benchmarkSeconds));
  return {};
}

Status run::runTool(const Options &options) {
  if (options.benchmarkSeconds)
    return runBenchmark(options);
  Clock::time_point start = Clock::now();
  MV_ASSIGN_OR_RETURN(Job job, prepare(options));
  size_t images = countImages(job);
  size_t batch = std::min(chooseBatch(options, images), images);
  Session session = openSession(job);
  session.reserve(job.model.entry, static_cast<int64_t>(batch));

  Results results{Report(options.format), OutputStore(job.model.outputs, images, job.keptOutputs), {}, {}};
  addFacts(job, session, batch, results.report);
  MV_RETURN_IF_ERROR(runImages(job, session, images, batch, results));
  results.timings.total = std::chrono::duration<double>(Clock::now() - start).count();

  if (!job.rightClasses.empty())
    results.report.addAccuracy(results.accuracy);
  Status verdict = job.expected ? compareOutputs(job, results) : Status();
  if (!options.save.empty())
    MV_RETURN_IF_ERROR(saveOutputs(options.save, results.kept, pictureNames(job.inputs)));
  if (options.profile)
    MV_RETURN_IF_ERROR(profileFirstBatch(job, session, images, batch, results.report));
  results.report.finish(results.timings, images);
  return verdict;
}
