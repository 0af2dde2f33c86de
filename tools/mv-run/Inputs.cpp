//===- Inputs.cpp - What a run works on -----------------------------------------===//

#include "Inputs.h"
#include "NpyFile.h"

#include "mv/Support/Text.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <new>

using namespace mv;
using namespace mv::run;
namespace fs = std::filesystem;

//===----------------------------------------------------------------------===//
// Telling files apart
//===----------------------------------------------------------------------===//

static std::string lowerExtension(const fs::path &path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

static bool hasPictureName(const fs::path &path) {
  std::string extension = lowerExtension(path);
  return extension == ".jpg" || extension == ".jpeg" || extension == ".png" || extension == ".webp";
}

/// The first bytes of a file; fewer, or none, where it cannot be read.
static std::vector<std::byte> readStart(const fs::path &path) {
  std::array<char, 16> buffer;
  std::ifstream file(path, std::ios::binary);
  file.read(buffer.data(), buffer.size());
  auto *data = reinterpret_cast<const std::byte *>(buffer.data());
  return {data, data + file.gcount()};
}

/// Names that begin with a dot are not the user's pictures ("._cat.jpg" of macOS is no picture at all).
static bool isHidden(const fs::path &path) { return path.filename().string().starts_with('.'); }

//===----------------------------------------------------------------------===//
// Collecting
//===----------------------------------------------------------------------===//

Status InputList::addTensor(const std::string &path, TensorInput tensor) {
  const std::vector<int64_t> &shape = tensor.images.shape;
  std::string what = quote(path) + ": ";
  const bool isBytes = tensor.images.type == ElementType::U8;
  if (!tensor.images.isFloat() && !isBytes)
    return Status::invalidInput(
        what + "expected a tensor of floats (normalised images) or of U8 (pictures), found " +
        std::string(elementTypeName(tensor.images.type)));
  if (shape.size() != 4)
    return Status::invalidInput(
        what + "expected " + (isBytes ? "pictures of shape [N, H, W, C]" : "images of shape [N, C, H, W]") +
        ", found " + shapeText(shape));
  if (std::find(shape.begin(), shape.end(), 0) != shape.end())
    return Status::invalidInput(what + "there are no images in a tensor of shape " + shapeText(shape));
  auto shared = std::make_shared<const TensorInput>(std::move(tensor));
  for (int64_t row = 0; row < shared->images.shape[0]; ++row)
    inputs_.push_back({path + "[" + std::to_string(row) + "]", shared, row});
  return {};
}

static StatusOr<TensorInput> openNpy(const std::string &path) {
  MV_ASSIGN_OR_RETURN(NpyFile opened, NpyFile::open(path));
  auto file = std::make_shared<const NpyFile>(std::move(opened));
  return TensorInput{path, file->array(), file};
}

static StatusOr<TensorInput> openSafetensors(const std::string &path) {
  MV_ASSIGN_OR_RETURN(SafetensorsFile opened, SafetensorsFile::open(path));
  auto file = std::make_shared<const SafetensorsFile>(std::move(opened));
  const TensorView *images = file->find("input");
  if (!images) {
    std::string found;
    for (const TensorView &tensor : file->tensors())
      found += (found.empty() ? "" : ", ") + tensor.name;
    return Status::invalidInput(quote(path) + ": expected a tensor 'input' [N, C, H, W], found " +
                                (found.empty() ? "no tensors" : quote(found)));
  }
  return TensorInput{path, *images, file};
}

Status InputList::addFolder(const std::string &path) {
  std::vector<std::string> pictures;
  std::error_code error;
  fs::recursive_directory_iterator iterator(path, fs::directory_options::follow_directory_symlink, error);
  for (; !error && iterator != fs::recursive_directory_iterator(); iterator.increment(error)) {
    const fs::path &entry = iterator->path();
    std::error_code ignored; // What cannot be examined is not a folder to skip.
    if (isHidden(entry)) {
      if (iterator->is_directory(ignored))
        iterator.disable_recursion_pending();
      continue;
    }
    if (!iterator->is_regular_file(ignored))
      continue;
    // Content decides, but what is called a picture and is none must not go unnoticed.
    if (hasPictureName(entry) || detectPictureFormat(readStart(entry)) != PictureFormat::Unknown)
      pictures.push_back(entry.string());
  }
  if (error)
    return Status::invalidInput("cannot read folder " + quote(path) + ": " + error.message());
  if (pictures.empty())
    return Status::invalidInput("no pictures in folder " + quote(path) +
                                ": expected JPEG, PNG or WebP files");
  std::sort(pictures.begin(), pictures.end());
  for (std::string &picture : pictures)
    inputs_.push_back({std::move(picture), nullptr, 0});
  return {};
}

Status InputList::addArgument(const std::string &path) {
  std::error_code error;
  fs::file_status status = fs::status(path, error);
  if (!fs::exists(status))
    return Status::invalidInput("no such file or folder: " + quote(path));
  if (fs::is_directory(status))
    return addFolder(path);
  if (isNpy(readStart(path))) {
    MV_ASSIGN_OR_RETURN(TensorInput tensor, openNpy(path));
    return addTensor(path, std::move(tensor));
  }
  std::string extension = lowerExtension(path);
  if (extension == ".safetensors") {
    MV_ASSIGN_OR_RETURN(TensorInput tensor, openSafetensors(path));
    return addTensor(path, std::move(tensor));
  }
  // Known mistakes, found before anything has run.
  if (extension == ".csv")
    return Status::invalidInput(quote(path) + " is not a picture; labels are given as --labels=" + path);
  if (extension == ".npy")
    return Status::invalidInput(quote(path) + ": not an .npy file: it does not start with \\x93NUMPY");
  inputs_.push_back({path, nullptr, 0});
  return {};
}

StatusOr<InputList> InputList::collect(const std::vector<std::string> &arguments) {
  InputList list;
  for (const std::string &argument : arguments)
    MV_RETURN_IF_ERROR(list.addArgument(argument));
  return list;
}

bool InputList::hasPictures() const {
  return std::any_of(inputs_.begin(), inputs_.end(), [](const Input &input) { return input.isPicture(); });
}

ImageShape TensorInput::shape() const {
  auto size = [&](size_t dimension) { return static_cast<int>(images.shape[dimension]); };
  if (images.type == ElementType::U8)
    return {size(3), {size(1), size(2)}, true};
  return {size(1), {size(2), size(3)}, false};
}

StatusOr<std::optional<ImageShape>> InputList::tensorShape() const {
  std::optional<ImageShape> result;
  const TensorInput *first = nullptr;
  for (const Input &input : inputs_) {
    if (input.isPicture() || input.row != 0)
      continue;
    const std::vector<int64_t> &shape = input.tensor->images.shape;
    constexpr int64_t kLargest = 1 << 24;
    if (std::any_of(shape.begin() + 1, shape.end(), [](int64_t size) { return size > kLargest; }))
      return Status::invalidInput(quote(input.tensor->path) + ": images of shape " + shapeText(shape) +
                                  " are too large");
    const ImageShape image = input.tensor->shape();
    if (result && !(*result == image))
      return Status::invalidInput("all images of a run must have one size: " + quote(first->path) +
                                  " holds " + imageShapeText(*result) + ", " + quote(input.tensor->path) +
                                  " holds " + imageShapeText(image));
    if (!result)
      first = input.tensor.get();
    result = image;
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Loading
//===----------------------------------------------------------------------===//

/// A row of a tensor that is of this shape.
static void loadRow(const Input &input, const ImageShape &shape, std::byte *out) {
  const TensorView &images = input.tensor->images;
  if (shape.isBytes)
    std::copy_n(images.data.begin() + input.row * static_cast<int64_t>(shape.bytes()), shape.bytes(), out);
  else
    images.readFloats(input.row * static_cast<int64_t>(shape.size()),
                      {reinterpret_cast<float *>(out), shape.size()});
}

static Status loadPicture(const std::string &path, const ImageShape &shape,
                          const Preprocessing &preprocessing, std::byte *out) {
  MV_ASSIGN_OR_RETURN(Picture picture, readPicture(path));
  MV_ASSIGN_OR_RETURN(picture, fitPicture(picture, path, preprocessing));
  if (shape.isBytes)
    std::copy_n(picture.rgb.begin(), shape.size(), reinterpret_cast<uint8_t *>(out));
  else
    normalizePicture(picture, preprocessing, {reinterpret_cast<float *>(out), shape.size()});
  return {};
}

static Status loadOne(const Input &input, const ImageShape &shape, const Preprocessing &preprocessing,
                      std::byte *out) {
  if (!input.isPicture()) {
    loadRow(input, shape, out);
    return {};
  }
  try {
    return loadPicture(input.name, shape, preprocessing, out);
  } catch (const std::bad_alloc &) {
    // An exception must not leave a thread of the pool.
    return Status::unavailable(quote(input.name) +
                               ": not enough memory to decode the picture; scale it down, or use "
                               "fewer --threads");
  }
}

Status InputList::load(size_t begin, size_t count, const ImageShape &shape,
                       const Preprocessing &preprocessing, ThreadPool &pool, void *out) const {
  std::mutex mutex;
  Status firstError;
  auto firstBad = static_cast<int64_t>(count);
  pool.parallelFor(static_cast<int64_t>(count), 1, [&](unsigned, int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      Status status = loadOne(inputs_[begin + static_cast<size_t>(i)], shape, preprocessing,
                              static_cast<std::byte *>(out) + static_cast<size_t>(i) * shape.bytes());
      if (status.ok())
        continue;
      // Of several bad inputs always report the same one, whichever thread was first.
      std::lock_guard lock(mutex);
      if (i < firstBad) {
        firstBad = i;
        firstError = std::move(status);
      }
    }
  });
  return firstError;
}
