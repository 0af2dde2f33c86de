//===- SafetensorsWriter.cpp - Writing the safetensors file format --------------===//

#include "mv/Support/Safetensors.h"
#include "mv/Support/Text.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

using namespace mv;
using nlohmann::json;

/// What a caller passed is a bug of ours when the sizes do not match, whatever the user did.
static Status checkTensor(const TensorToWrite &tensor) {
  size_t bytes = elementSize(tensor.type);
  for (int64_t extent : tensor.shape)
    bytes *= size_t(extent);
  if (tensor.name == "__metadata__")
    return Status::internal("a tensor cannot be called '__metadata__'");
  if (bytes != tensor.data.size())
    return Status::internal("tensor " + quote(tensor.name) + " of shape " + shapeText(tensor.shape) +
                            " needs " + std::to_string(bytes) + " bytes, found " +
                            std::to_string(tensor.data.size()));
  return Status();
}

/// A JSON string; bytes that are not UTF-8 become the replacement character.
static std::string jsonText(const std::string &text) {
  return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

static std::string headerText(std::span<const TensorToWrite *const> order,
                              const std::map<std::string, std::string> &metadata) {
  std::string header = "{";
  if (!metadata.empty()) {
    const char *separator = "\"__metadata__\":{";
    for (const auto &[key, value] : metadata) {
      header += separator + jsonText(key) + ":" + jsonText(value);
      separator = ",";
    }
    header += "}";
  }
  size_t offset = 0;
  for (const TensorToWrite *tensor : order) {
    size_t end = offset + tensor->data.size();
    header += (header.size() > 1 ? "," : "") + jsonText(tensor->name) + R"(:{"dtype":")" +
              std::string(elementTypeName(tensor->type)) + R"(","shape":)" + shapeText(tensor->shape) +
              R"(,"data_offsets":[)" + std::to_string(offset) + "," + std::to_string(end) + "]}";
    offset = end;
  }
  header += "}";
  // The data then starts on a multiple of 8, and with it every tensor on a multiple of its element size.
  header.append((8 - header.size() % 8) % 8, ' ');
  return header;
}

Status mv::writeSafetensors(const std::string &path, std::span<const TensorToWrite> tensors,
                            const std::map<std::string, std::string> &metadata) {
  std::vector<const TensorToWrite *> order;
  for (const TensorToWrite &tensor : tensors) {
    MV_RETURN_IF_ERROR(checkTensor(tensor));
    order.push_back(&tensor);
  }
  // The wider types first, so that no tensor needs padding before it.
  std::sort(order.begin(), order.end(), [](const TensorToWrite *a, const TensorToWrite *b) {
    unsigned sizeA = elementSize(a->type), sizeB = elementSize(b->type);
    return sizeA != sizeB ? sizeA > sizeB : a->name < b->name;
  });
  std::vector<std::string_view> names;
  names.reserve(order.size());
  for (const TensorToWrite *tensor : order)
    names.push_back(tensor->name);
  std::sort(names.begin(), names.end());
  if (auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end())
    return Status::internal("tensor " + quote(*twice) + " is to be written twice");

  std::string header = headerText(order, metadata);
  uint64_t headerBytes = header.size();
  MV_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::create(path));
  MV_RETURN_IF_ERROR(file.write(std::as_bytes(std::span(&headerBytes, 1))));
  MV_RETURN_IF_ERROR(file.write(header));
  for (const TensorToWrite *tensor : order)
    MV_RETURN_IF_ERROR(file.write(tensor->data));
  return file.commit();
}
