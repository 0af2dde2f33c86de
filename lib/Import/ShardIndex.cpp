//===- ShardIndex.cpp - Checkpoints of several files ----------------------------===//
//
// {"metadata": {...}, "weight_map": {tensor name: file name}}. Index and files must say the same: a tensor
// that is not where the index says, or a file with tensors the index does not know, is a damaged or mixed-up
// download.
//
//===----------------------------------------------------------------------===//

#include "mv/Import/WeightFile.h"
#include "mv/Support/Json.h"
#include "mv/Support/Text.h"

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

using namespace mv;
using nlohmann::json;

static constexpr size_t kMaxPath = 4096;

/// Tensor name -> file name.
using WeightMap = std::map<std::string, std::string>;

/// A file beside the index: an index from the net must not make us read files elsewhere.
static bool isPlainFileName(const std::string &name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string("/\\\0", 3)) == name.npos;
}

static StatusOr<WeightMap> readWeightMap(const std::string &path) {
  std::string where = quote(path, kMaxPath);
  MV_ASSIGN_OR_RETURN(MappedFile file, MappedFile::open(path));
  std::span<const std::byte> bytes = file.bytes();
  json root;
  MV_RETURN_IF_ERROR(parseJson({reinterpret_cast<const char *>(bytes.data()), bytes.size()}, where, root));
  const auto *object = root.get_ptr<const json::object_t *>();
  auto entry = object ? object->find("weight_map") : json::object_t::const_iterator();
  const auto *entries =
      object && entry != object->end() ? entry->second.get_ptr<const json::object_t *>() : nullptr;
  if (!entries || entries->empty())
    return Status::invalidInput(where +
                                ": field 'weight_map': expected an object {tensor: file}, found none");
  WeightMap map;
  for (const auto &[tensor, value] : *entries) {
    const auto *name = value.get_ptr<const std::string *>();
    if (!name || !isPlainFileName(*name))
      return Status::invalidInput(where + ": tensor " + quote(tensor) +
                                  ": expected the name of a file in the same folder, found " +
                                  quote(name ? *name : value.type_name()));
    map.emplace(tensor, *name);
  }
  return map;
}

/// Every tensor is in the file the index names, and in the index.
static Status checkShards(const std::string &where, const WeightMap &map,
                          const std::map<std::string, const SafetensorsFile *> &shards) {
  for (const auto &[fileName, shard] : shards)
    for (const TensorView &tensor : shard->tensors()) {
      auto entry = map.find(tensor.name);
      if (entry == map.end())
        return Status::invalidInput(where + ": tensor " + quote(tensor.name) + " is in " + quote(fileName) +
                                    ", but expected in no file: the index does not list it");
      if (entry->second != fileName)
        return Status::invalidInput(where + ": tensor " + quote(tensor.name) + ": expected in " +
                                    quote(entry->second) + ", found in " + quote(fileName));
    }
  for (const auto &[name, fileName] : map)
    if (!shards.at(fileName)->find(name))
      return Status::invalidInput(where + ": tensor " + quote(name) + ": expected in " + quote(fileName) +
                                  ", found in no file; fetch that file again");
  return Status();
}

StatusOr<WeightFile> WeightFile::openIndex(const std::string &indexPath) {
  std::string where = quote(indexPath, kMaxPath);
  MV_ASSIGN_OR_RETURN(WeightMap map, readWeightMap(indexPath));
  std::map<std::string, const SafetensorsFile *>
      shards; // In order, so that messages do not depend on chance.
  for (const auto &[tensor, fileName] : map)
    shards.emplace(fileName, nullptr);

  std::filesystem::path folder = std::filesystem::path(indexPath).parent_path();
  std::vector<SafetensorsFile> files;
  files.reserve(shards.size()); // `shards` points into it.
  for (auto &[fileName, shard] : shards) {
    std::string path = (folder / fileName).string();
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored))
      return Status::invalidInput(where + ": expected the file " + quote(fileName) +
                                  " in the same folder, found none; fetch all " +
                                  std::to_string(shards.size()) + " files of the checkpoint");
    MV_ASSIGN_OR_RETURN(SafetensorsFile file, SafetensorsFile::open(path));
    shard = &files.emplace_back(std::move(file));
  }
  MV_RETURN_IF_ERROR(checkShards(where, map, shards));
  return fromFiles(std::move(files), indexPath);
}
