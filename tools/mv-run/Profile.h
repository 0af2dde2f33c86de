//===- Profile.h - Where the time of a forward pass goes ------------*- C++ -*-===//

#ifndef MV_TOOLS_RUN_PROFILE_H
#define MV_TOOLS_RUN_PROFILE_H

#include "Model.h"

#include <nlohmann/json_fwd.hpp>

namespace mv::run {

/// All dispatches of one kernel, summed up over the runs of a profile.
struct KernelTime {
  std::string kernel, family;
  uint64_t calls = 0;
  double seconds = 0;
  double flops = 0;
  double bytes = 0;
};

struct Profile {
  size_t runs = 0;
  double seconds = 0;              ///< In dispatches, of all runs.
  std::vector<KernelTime> kernels; ///< The most expensive first.
  std::vector<mv_profile_record> lastRun;
};

/// Runs the batch `images` a few times with recording switched on, after one run without.
Profile takeProfile(const Model &model, Session &session, const void *images, size_t batch);

/// As a table, per run.
std::string profileText(const Profile &profile);
nlohmann::ordered_json profileDocument(const Profile &profile);

/// Writes the last run in Chrome's trace event format, which Perfetto reads.
Status writeTrace(const std::string &path, const Profile &profile);

} // namespace mv::run

#endif // MV_TOOLS_RUN_PROFILE_H
