//===- Run.cpp - What mv-run does -----------------------------------------------===//
//
// Everything that can be wrong is found before the first image is run: the inputs are looked at, the labels
// are matched with them, the expected outputs are checked against the model's. Pictures are the exception;
// they are decoded batch by batch.
//
//===----------------------------------------------------------------------===//

#include "Run.h"
#include "Batches.h"
#include "Benchmark.h"
#include "Labels.h"
#include "Profile.h"
#include "Progress.h"
#include "RandomImages.h"
#include "Report.h"

#include "mv/Support/MappedFile.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>

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
  MV_ASSIGN_OR_RETURN(std::optional<ImageShape> tensors, inputs.tensorShape());

  Job job{options, Model(options.model), std::move(inputs), {}, {}, {}, 0, false, {}, {}};
  MV_RETURN_IF_ERROR(chooseEntry(job.model, options, tensors, job.inputs.hasPictures()));
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

/// What a run accumulates.
namespace {
struct Results {
  Report report;
  OutputStore kept;
  Accuracy accuracy;
  Timings timings;
};
} // namespace

/// Shows what there is to show of a batch.
static void showBatch(const Job &job, const FinishedBatch &batch, Results &results) {
  for (size_t i = 0; i < batch.count; ++i) {
    size_t image = batch.begin + i;
    std::string name =
        job.options.randomSeed ? "random[" + std::to_string(image) + "]" : job.inputs[image].name;
    if (job.showFeatures)
      results.report.addFeatures(name, *batch.outputs, job.shownOutputs, i);
    std::optional<size_t> logits = job.model.logits();
    if (!logits || !job.shownOutputs[*logits])
      continue;
    std::span<const float> values = batch.outputs->valuesOf(*logits, i);
    if (job.top > 0)
      results.report.addClasses(name, topClasses(values, static_cast<size_t>(job.top)), *job.names);
    if (!job.rightClasses.empty())
      results.accuracy.add(values, job.rightClasses[image]);
  }
}

/// Puts away what is needed later of a batch.
static void keepBatch(const Job &job, const FinishedBatch &batch, Results &results) {
  std::vector<float *> kept = results.kept.pointers(batch.begin);
  for (size_t i = 0; i < kept.size(); ++i)
    if (kept[i])
      std::copy_n(batch.outputs->values(i).data(), batch.count * job.model.outputs[i].elements, kept[i]);
}

/// Runs all images, batch by batch.
static Status runImages(const Job &job, Session &session, size_t images, size_t batch, Results &results) {
  BatchLoader loader(job, session, batch, images);
  BatchRunner runner(job, session, batch);
  Progress progress(images);
  for (size_t begin = 0; begin < images || !runner.isEmpty();) {
    if (begin < images) {
      const void *input = nullptr;
      {
        Stopwatch watch(results.timings.load);
        MV_ASSIGN_OR_RETURN(input, loader.next());
      }
      Stopwatch watch(results.timings.model);
      runner.start(input, begin, loader.countFrom(begin));
      begin += loader.countFrom(begin);
      if (begin < images && !runner.isFull())
        continue;
    }
    FinishedBatch finished;
    {
      Stopwatch watch(results.timings.model);
      finished = runner.finish();
    }
    keepBatch(job, finished, results);
    if (job.top > 0 && job.options.format == OutputFormat::Text)
      progress.hide();
    showBatch(job, finished, results);
    progress.update(finished.begin + finished.count);
  }
  return {};
}

/// Compares with --expect; the Status says whether all is within the tolerance.
static Status compareOutputs(const Job &job, Results &results) {
  std::string failed;
  for (const Comparison &comparison : job.expected->compare(results.kept)) {
    results.report.addComparison(comparison, job.options.norm, job.options.tolerance);
    if (!(comparison.in(job.options.norm) <= job.options.tolerance))
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
  report.setFact("resolution", resolutionText(job.model.shape.resolution));
  report.setFact("device", info.device);
  report.setFact("target", info.target);
  report.setFact("threads", info.threads);
  report.setFact("batch", batch);
}

/// --profile: on the first batch, apart from the run itself.
static Status profileFirstBatch(const Job &job, Session &session, size_t images, size_t batch,
                                Report &report) {
  const size_t count = std::min(batch, images);
  BatchLoader loader(job, session, count, count);
  MV_ASSIGN_OR_RETURN(const void *input, loader.next());
  Profile profile = takeProfile(job.model, session, input, count);
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
  const size_t bytes = batch * job.model.shape.bytes();
  const HostMemory memory(session, bytes);
  auto *images = static_cast<std::byte *>(memory.data());
  if (job.inputs.size() == 0) {
    makeRandomImages(options.randomSeed.value_or(1), job.model.shape, 0, batch, images);
  } else {
    // The inputs given, repeated until the batch is full.
    const size_t count = std::min(batch, job.inputs.size()), given = count * job.model.shape.bytes();
    ThreadPool pool(static_cast<unsigned>(options.threads));
    MV_RETURN_IF_ERROR(job.inputs.load(0, count, job.model.shape, job.model.preprocessing, pool, images));
    for (size_t i = given; i < bytes; ++i)
      images[i] = images[i - given];
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
