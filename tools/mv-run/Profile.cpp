//===- Profile.cpp - Where the time of a forward pass goes ----------------------===//

#include "Profile.h"

#include "mv/Support/MappedFile.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

using namespace mv;
using namespace mv::run;
using nlohmann::ordered_json;

//===----------------------------------------------------------------------===//
// Decisions
//===----------------------------------------------------------------------===//

/// Enough runs for a steady mean, but no longer than a user likes to wait.
static constexpr size_t kMostRuns = 20, kFewestRuns = 3;
static constexpr double kSeconds = 1;

//===----------------------------------------------------------------------===//
// Measuring
//===----------------------------------------------------------------------===//

static void addRecord(Profile &profile, std::map<std::string, size_t> &indexOf,
                      const mv_profile_record &record) {
  auto [entry, isNew] = indexOf.emplace(record.kernel, profile.kernels.size());
  if (isNew)
    profile.kernels.push_back({record.kernel, record.family});
  KernelTime &kernel = profile.kernels[entry->second];
  double seconds = 1e-9 * static_cast<double>(record.end_ns - record.start_ns);
  ++kernel.calls;
  kernel.seconds += seconds;
  kernel.flops += static_cast<double>(record.flops);
  kernel.bytes += static_cast<double>(record.bytes);
  profile.seconds += seconds;
}

Profile run::takeProfile(const Model &model, Session &session, const void *images, size_t batch) {
  OutputStore store(model.outputs, batch, std::vector<bool>(model.outputs.size(), true));
  std::vector<float *> outputs = store.pointers(0);
  auto runOnce = [&] { model.run(session, batch, images, outputs); };

  session.setProfiling(false);
  runOnce();
  session.setProfiling(true);
  Profile profile;
  std::map<std::string, size_t> indexOf;
  auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(kSeconds);
  while (profile.runs < kFewestRuns || (profile.runs < kMostRuns && std::chrono::steady_clock::now() < end)) {
    runOnce();
    ++profile.runs;
    profile.lastRun = session.profile();
    for (const mv_profile_record &record : profile.lastRun)
      addRecord(profile, indexOf, record);
  }
  session.setProfiling(false);
  std::sort(profile.kernels.begin(), profile.kernels.end(), [](const KernelTime &a, const KernelTime &b) {
    return a.seconds != b.seconds ? a.seconds > b.seconds : a.kernel < b.kernel;
  });
  return profile;
}

//===----------------------------------------------------------------------===//
// Showing
//===----------------------------------------------------------------------===//

/// 0 where nothing was measured.
static double quotient(double a, double b) { return b > 0 ? a / b : 0; }

std::string run::profileText(const Profile &profile) {
  auto runs = static_cast<double>(profile.runs);
  size_t width = 6;
  for (const KernelTime &kernel : profile.kernels)
    width = std::max(width, kernel.kernel.size());
  std::string text;
  auto addLine = [&](auto... arguments) {
    std::string line(width + 96, '\0');
    line.resize(static_cast<size_t>(std::snprintf(line.data(), line.size(), arguments...)));
    text += line + "\n";
  };
  auto columns = static_cast<int>(width);
  addLine("%-*s %6s %10s %7s %10s %9s", columns, "kernel", "calls", "ms", "share", "GFLOP/s", "GB/s");
  for (const KernelTime &kernel : profile.kernels)
    addLine("%-*s %6.0f %10.3f %6.1f%% %10.1f %9.1f", columns, kernel.kernel.c_str(),
            static_cast<double>(kernel.calls) / runs, 1e3 * kernel.seconds / runs,
            100 * quotient(kernel.seconds, profile.seconds), 1e-9 * quotient(kernel.flops, kernel.seconds),
            1e-9 * quotient(kernel.bytes, kernel.seconds));
  addLine("%-*s %6s %10.3f   (mean of %zu forward passes)", columns, "all", "", 1e3 * profile.seconds / runs,
          profile.runs);
  return text;
}

ordered_json run::profileDocument(const Profile &profile) {
  auto runs = static_cast<double>(profile.runs);
  ordered_json kernels = ordered_json::array();
  for (const KernelTime &kernel : profile.kernels)
    kernels.push_back({{"kernel", kernel.kernel},
                       {"family", kernel.family},
                       {"calls", static_cast<double>(kernel.calls) / runs},
                       {"ms", 1e3 * kernel.seconds / runs},
                       {"share", quotient(kernel.seconds, profile.seconds)},
                       {"flops_per_second", quotient(kernel.flops, kernel.seconds)},
                       {"bytes_per_second", quotient(kernel.bytes, kernel.seconds)}});
  return {{"runs", profile.runs}, {"ms", 1e3 * profile.seconds / runs}, {"kernels", std::move(kernels)}};
}

Status run::writeTrace(const std::string &path, const Profile &profile) {
  ordered_json events = ordered_json::array();
  events.push_back({{"name", "process_name"}, {"ph", "M"}, {"pid", 1}, {"args", {{"name", "mv-run"}}}});
  events.push_back(
      {{"name", "thread_name"}, {"ph", "M"}, {"pid", 1}, {"tid", 1}, {"args", {{"name", "dispatches"}}}});
  for (const mv_profile_record &record : profile.lastRun) {
    auto nanoseconds = static_cast<double>(record.end_ns - record.start_ns);
    events.push_back(
        {{"name", record.label},
         {"cat", record.family},
         {"ph", "X"}, // A complete event: start and duration in microseconds.
         {"ts", 1e-3 * static_cast<double>(record.start_ns)},
         {"dur", 1e-3 * nanoseconds},
         {"pid", 1},
         {"tid", 1},
         {"args",
          {{"kernel", record.kernel},
           {"dispatch", record.dispatch},
           {"workgroups", record.workgroups},
           {"flops", record.flops},
           {"bytes", record.bytes},
           {"flops_per_second", 1e9 * quotient(static_cast<double>(record.flops), nanoseconds)},
           {"bytes_per_second", 1e9 * quotient(static_cast<double>(record.bytes), nanoseconds)}}}});
  }
  ordered_json trace = {{"traceEvents", std::move(events)}, {"displayTimeUnit", "ns"}};
  MV_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::create(path));
  MV_RETURN_IF_ERROR(file.write(trace.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n"));
  return file.commit();
}
