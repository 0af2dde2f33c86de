//===- Tuning.cpp - Tiles that a file says instead of the model of time -----------===//

#include "mv/Kernels/GPU/Tuning.h"

#include "mv/IR/Devices.h"
#include "mv/Support/Text.h"
#include "llvm/ADT/StringExtras.h"

#include <tuple>

using namespace mv;
using namespace mv::gpu;
using llvm::StringRef;

/// Larger than any batch whose memory a GPU has.
static constexpr int64_t kMostBatch = 1 << 20, kMostExtent = 1 << 24;

Status Tuning::error(const std::string &message) const {
  return Status::invalidInput("--tuning: " + path + ": " + message);
}

Status Tuning::error(int64_t number, const std::string &message) const {
  return error("entry " + std::to_string(number) + ": " + message);
}

std::string Tuning::Entry::product() const {
  return target + " " + getName(dtype).str() + " " + kind + " of " + std::to_string(shape.rows) + " rows, " +
         std::to_string(shape.columns) + " columns, depth " + std::to_string(shape.depth);
}

//===----------------------------------------------------------------------===//
// Parsing
//===----------------------------------------------------------------------===//

namespace {
/// An object whose keys are taken one by one; what is left is unknown.
class Keys {
public:
  explicit Keys(const llvm::json::Object &object) : object(object) {}

  const llvm::json::Value *take(StringRef key) {
    taken.push_back(key);
    const llvm::json::Value *value = object.get(key);
    if (!value && problem.empty())
      problem = "no \"" + key.str() + "\"";
    return value;
  }
  const llvm::json::Value *takeOptional(StringRef key) {
    taken.push_back(key);
    return object.get(key);
  }

  int64_t takeInteger(StringRef key, int64_t most) { return toInteger(take(key), key, most); }
  /// `otherwise` where it is left out.
  int64_t takeOptionalInteger(StringRef key, int64_t most, int64_t otherwise) {
    const llvm::json::Value *value = takeOptional(key);
    return value ? toInteger(value, key, most) : otherwise;
  }

  /// One of `names`.
  std::string takeName(StringRef key, llvm::ArrayRef<StringRef> names) {
    const llvm::json::Value *value = take(key);
    std::optional<StringRef> name = value ? value->getAsString() : std::nullopt;
    if (name && llvm::is_contained(names, *name))
      return name->str();
    if (problem.empty())
      problem = "\"" + key.str() + "\" is " + (name ? quote(*name) : "no text") + ", expected one of " +
                llvm::join(names, ", ");
    return names.front().str();
  }

  /// What is wrong with the keys taken, or that there is another; empty: nothing.
  std::string finish() {
    for (const auto &each : object)
      if (problem.empty() && !llvm::is_contained(taken, StringRef(each.first)))
        problem = "unknown key " + quote(StringRef(each.first)) + ", expected " + llvm::join(taken, ", ");
    return problem;
  }

private:
  int64_t toInteger(const llvm::json::Value *value, StringRef key, int64_t most) {
    std::optional<int64_t> number = value ? value->getAsInteger() : std::nullopt;
    if (number && *number >= 1 && *number <= most)
      return *number;
    if (problem.empty())
      problem = "\"" + key.str() + "\" is not a whole number from 1 to " + std::to_string(most);
    return 1;
  }

  const llvm::json::Object &object;
  llvm::SmallVector<StringRef> taken;
  std::string problem;
};
} // namespace

static ProductTile parseTile(Keys &keys) {
  constexpr int64_t kMost = 1024;
  ProductTile tile;
  tile.rows = keys.takeInteger("rows", kMost);
  tile.columns = keys.takeInteger("columns", kMost);
  tile.warpRows = keys.takeInteger("warp_rows", kMost);
  tile.warpColumns = keys.takeInteger("warp_columns", kMost);
  tile.stages = keys.takeInteger("stages", kMost);
  tile.stageBytes = keys.takeInteger("stage_bytes", kMost);
  tile.groups = keys.takeOptionalInteger("groups", kMost, 1);
  return tile;
}

StatusOr<Tuning::Entry> Tuning::parseEntry(const llvm::json::Object &object, int64_t number) const {
  llvm::SmallVector<StringRef> targets =
      llvm::map_to_vector(getTargets(), [](const Target &target) { return target.name; });
  Keys keys(object);
  Entry entry;
  entry.number = number;
  entry.target = keys.takeName("target", targets);
  entry.dtype = *parseDType(keys.takeName("dtype", llvm::to_vector_of<StringRef>(kDTypes)));
  entry.kind = keys.takeName("kind", {"linear", "norm_linear", "conv2d"});
  entry.shape.rows = keys.takeInteger("rows", kMostExtent);
  entry.shape.columns = keys.takeInteger("columns", kMostExtent);
  entry.shape.depth = keys.takeInteger("depth", kMostExtent);
  entry.variant.batch = keys.takeInteger("batch", kMostBatch);
  const llvm::json::Value *tile = keys.take("tile"), *shared = keys.takeOptional("shared");
  if (std::string problem = keys.finish(); !problem.empty())
    return error(number, problem);
  if (!tile->getAsObject())
    return error(number, "\"tile\" is not an object");
  if (shared && !shared->getAsBoolean())
    return error(number, "\"shared\" is neither true nor false");
  Keys sizes(*tile->getAsObject());
  entry.variant.tile = parseTile(sizes);
  entry.variant.shared = shared && *shared->getAsBoolean();
  if (std::string problem = sizes.finish(); !problem.empty())
    return error(number, "tile: " + problem);
  ProductSplit split = chooseProductSplit(entry.shape, entry.dtype);
  if (entry.variant.shared && split.chunks == 1)
    return error(number, "\"shared\" is true, but a product of " + entry.product() +
                             " has its sums in one piece; leave it out");
  if (std::string problem = whyUnsound(entry.variant, split.chunks, entry.dtype, *findTarget(entry.target));
      !problem.empty())
    return error(number, "tile: " + problem);
  return entry;
}

/// One entry for a product and batch, and no shared one at the end, as counters are made for the batches up to the next.
Status Tuning::checkEntries() const {
  for (size_t i = 0; i < entries.size(); ++i) {
    const Entry &entry = entries[i];
    const Entry *next =
        i + 1 < entries.size() && entries[i + 1].product() == entry.product() ? &entries[i + 1] : nullptr;
    if (next && next->variant.batch == entry.variant.batch)
      return error(std::max(entry.number, next->number),
                   "the batch " + std::to_string(entry.variant.batch) + " of " + entry.product() +
                       " has entry " + std::to_string(std::min(entry.number, next->number)) + " already");
    if (!next && entry.variant.shared)
      return error(entry.number, "\"shared\" is true, and no entry follows for larger batches of " +
                                     entry.product() + "; add one that is not shared");
  }
  return {};
}

StatusOr<Tuning> Tuning::parse(StringRef text, const std::string &path) {
  Tuning tuning;
  tuning.path = path;
  llvm::Expected<llvm::json::Value> parsed = llvm::json::parse(text);
  if (!parsed)
    return tuning.error("not JSON: " + llvm::toString(parsed.takeError()));
  const llvm::json::Object *top = parsed->getAsObject();
  const llvm::json::Array *products = top ? top->getArray("products") : nullptr;
  if (!products || top->size() != 1)
    return tuning.error("expected an object with the key \"products\" alone, a list of entries");
  for (const llvm::json::Value &each : *products) {
    int64_t number = int64_t(tuning.entries.size()) + 1;
    if (!each.getAsObject())
      return tuning.error(number, "not an object");
    MV_ASSIGN_OR_RETURN(Entry entry, tuning.parseEntry(*each.getAsObject(), number));
    tuning.entries.push_back(std::move(entry));
  }
  llvm::stable_sort(tuning.entries, [](const Entry &a, const Entry &b) {
    return std::make_tuple(a.product(), a.variant.batch) < std::make_tuple(b.product(), b.variant.batch);
  });
  MV_RETURN_IF_ERROR(tuning.checkEntries());
  return tuning;
}

//===----------------------------------------------------------------------===//
// Use
//===----------------------------------------------------------------------===//

llvm::SmallVector<ProductVariant, 3> Tuning::apply(llvm::SmallVector<ProductVariant, 3> chosen,
                                                   StringRef kind, const ProductShape &shape, DType dtype,
                                                   const Target &target) {
  Entry wanted;
  wanted.target = target.name.str();
  wanted.kind = kind.str();
  wanted.dtype = dtype;
  wanted.shape = shape;
  llvm::SmallVector<ProductVariant, 3> said;
  for (Entry &entry : entries)
    if (entry.product() == wanted.product()) {
      entry.used = true;
      said.push_back(entry.variant);
    }
  if (said.empty())
    return chosen;
  llvm::erase_if(chosen, [&](const ProductVariant &each) { return each.batch >= said.front().batch; });
  llvm::append_range(chosen, said);
  return chosen;
}

std::vector<std::string> Tuning::notes() const {
  std::vector<const Entry *> unused;
  for (const Entry &entry : entries)
    if (!entry.used)
      unused.push_back(&entry);
  llvm::sort(unused, [](const Entry *a, const Entry *b) { return a->number < b->number; });
  std::vector<std::string> lines = {path + ": " + std::to_string(entries.size() - unused.size()) + " of " +
                                    std::to_string(entries.size()) + " tuning entries used"};
  for (const Entry *entry : unused)
    lines.push_back(path + ": entry " + std::to_string(entry->number) +
                    " was not used: nothing compiled has a product for " + entry->product());
  return lines;
}
