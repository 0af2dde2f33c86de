//===- golden-case.cpp - A golden file's config and input as files --------------===//
//
//   golden-case CASE.safetensors FOLDER
//
// Golden files hold expected outputs, and say in their metadata which config, seeds and resolution they are
// for. Writes FOLDER/config.json and FOLDER/input.safetensors, and prints mv-compile's options for the case:
// --weights=random:1 --resolution=224x224
//
//===----------------------------------------------------------------------===//

#include "mv/Import/RandomWeights.h"
#include "mv/Support/Safetensors.h"

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

using namespace mv;

static Status run(const std::string &goldenPath, const std::filesystem::path &folder) {
  MV_ASSIGN_OR_RETURN(SafetensorsFile golden, SafetensorsFile::open(goldenPath));
  auto metadata = golden.metadata();
  nlohmann::json about = nlohmann::json::parse(metadata["case"], nullptr, false);
  if (about.is_discarded() || metadata["config"].empty())
    return Status::invalidInput(goldenPath + ": no 'case' and 'config' in its metadata");
  int64_t batch = about.value("batch", 1), height = about.value("height", 0);
  int64_t width = about.value("width", 0), seed = about.value("input_seed", 0);

  std::filesystem::create_directories(folder);
  MV_ASSIGN_OR_RETURN(AtomicFile config, AtomicFile::create((folder / "config.json").string()));
  MV_RETURN_IF_ERROR(config.write(metadata["config"]));
  MV_RETURN_IF_ERROR(config.commit());

  std::vector<float> images(batch * 3 * height * width);
  randomImages(batch, 3, height, width, seed, images);
  TensorToWrite input{"input", ElementType::F32, {batch, 3, height, width}, std::as_bytes(std::span(images))};
  MV_RETURN_IF_ERROR(writeSafetensors((folder / "input.safetensors").string(), std::span(&input, 1)));
  std::printf("--weights=random:%lld --resolution=%lldx%lld\n", about.value("seed", 0LL), (long long)height,
              (long long)width);
  return {};
}

int main(int argc, char **argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: golden-case CASE.safetensors FOLDER\n");
    return 2;
  }
  Status status = run(argv[1], argv[2]);
  if (!status.ok())
    std::fprintf(stderr, "golden-case: %s\n", status.message().c_str());
  return static_cast<int>(status.code());
}
