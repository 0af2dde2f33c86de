//===- Checkpoint.h - From a path to a checked model ----------------*- C++ -*-===//
//
// The one call a tool makes: find config and weights, read both, put them together, look at every value.
//
//===----------------------------------------------------------------------===//

#ifndef MV_IMPORT_CHECKPOINT_H
#define MV_IMPORT_CHECKPOINT_H

#include "mv/Import/ModelConfig.h"
#include "mv/Import/ModelSpec.h"
#include "mv/Import/WeightFile.h"
#include "mv/Support/Status.h"

#include <string>
#include <vector>

namespace mv {

/// Where the two parts of a checkpoint are.
struct CheckpointLocation {
  std::string configPath;
  std::string weights; ///< FILE, FOLDER or random:SEED.
};

/// `source` is a checkpoint folder or a config file. `weights` overrides the folder's own when it is not
/// empty.
StatusOr<CheckpointLocation> locateCheckpoint(const std::string &source, const std::string &weights = "");

struct Checkpoint {
  ModelConfig config;
  WeightFile weights;
  ModelSpec spec;
  std::vector<std::string> leftovers;
  std::vector<std::string> warnings; ///< For the user, one line each.
  std::string licence;               ///< Of the weights: from the README.md beside them; empty when unknown.
};

StatusOr<Checkpoint> loadCheckpoint(const std::string &source, const std::string &weights, ThreadPool &pool);

/// `license_name`, else `license`, of the YAML front matter a Hugging Face README.md begins with; empty if
/// none.
std::string licenceFromReadme(std::string_view readme);

} // namespace mv

#endif // MV_IMPORT_CHECKPOINT_H
