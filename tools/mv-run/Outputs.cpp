//===- Outputs.cpp - What a model returns, image by image -----------------------===//

#include "Outputs.h"

#include "mv/Support/Safetensors.h"

#include <nlohmann/json.hpp>

using namespace mv;
using namespace mv::run;

std::optional<size_t> run::findOutput(std::span<const OutputSpec> outputs, std::string_view name) {
  for (size_t i = 0; i < outputs.size(); ++i)
    if (outputs[i].name == name)
      return i;
  return std::nullopt;
}

std::string run::outputNames(std::span<const OutputSpec> outputs) {
  std::string result;
  for (const OutputSpec &output : outputs)
    result += (result.empty() ? "" : ", ") + output.name;
  return result;
}

OutputStore::OutputStore(std::vector<OutputSpec> outputs, size_t images, const std::vector<bool> &kept,
                         Session *session)
    : outputs_(std::move(outputs)), images_(images), kept_(kept), values_(outputs_.size()) {
  for (size_t i = 0; i < outputs_.size(); ++i) {
    size_t size = images * outputs_[i].elements;
    if (!kept_[i])
      continue;
    if (session) {
      lent_.push_back(std::make_unique<HostMemory>(*session, size * sizeof(float)));
      values_[i] = {static_cast<float *>(lent_.back()->data()), size};
    } else {
      values_[i] = own_.emplace_back(size);
    }
  }
}

std::span<const float> OutputStore::valuesOf(size_t output, size_t image) const {
  size_t elements = outputs_[output].elements;
  return values(output).subspan(image * elements, elements);
}

std::vector<int64_t> OutputStore::shapeOf(size_t output) const {
  std::vector<int64_t> shape = outputs_[output].shape;
  shape.insert(shape.begin(), static_cast<int64_t>(images_));
  return shape;
}

std::vector<float *> OutputStore::pointers(size_t first) {
  std::vector<float *> result(outputs_.size());
  for (size_t i = 0; i < outputs_.size(); ++i)
    result[i] = kept_[i] ? values_[i].data() + first * outputs_[i].elements : nullptr;
  return result;
}

Status run::saveOutputs(const std::string &path, const OutputStore &store,
                        const std::vector<std::string> &pictures) {
  std::vector<TensorToWrite> tensors;
  for (size_t i = 0; i < store.outputs().size(); ++i)
    if (store.isKept(i))
      tensors.push_back(
          {store.outputs()[i].name, ElementType::F32, store.shapeOf(i), std::as_bytes(store.values(i))});
  std::map<std::string, std::string> metadata;
  if (!pictures.empty())
    metadata["files"] =
        nlohmann::json(pictures).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return writeSafetensors(path, tensors, metadata);
}
