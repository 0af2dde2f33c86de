//===- Reader.cpp - Reading packages --------------------------------------------===//

#include "mv/Package/Reader.h"

#include "mv/Support/Text.h"
#include "mv/Support/ThreadPool.h"

#include <algorithm>
#include <atomic>
#include <climits>
#include <cstring>
#include <numeric>

using namespace mv;
using namespace mv::package;

static std::string bytesText(uint64_t bytes) {
  return std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes");
}

static bool isZero(std::span<const std::byte> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte value) { return value == std::byte(0); });
}

/// An error of a file that was a package once.
Status PackageFile::corrupt(const std::string &what) const {
  return Status::invalidInput(quote(path_, PATH_MAX) + " is damaged: " + what +
                              "; copy it again or compile the model again");
}

//===----------------------------------------------------------------------===//
// Opening
//===----------------------------------------------------------------------===//

StatusOr<std::shared_ptr<const PackageFile>> PackageFile::open(const std::string &path,
                                                               const ReaderOptions &options) {
  MV_ASSIGN_OR_RETURN(MappedFile mapping, MappedFile::open(path));
  const std::shared_ptr<PackageFile> file(new PackageFile());
  file->path_ = path;
  file->mapping_ = std::move(mapping);
  file->bytes_ = file->mapping_.bytes();
  MV_RETURN_IF_ERROR(file->load(options));
  return std::shared_ptr<const PackageFile>(file);
}

StatusOr<std::shared_ptr<const PackageFile>>
PackageFile::parse(std::span<const std::byte> bytes, std::string path, const ReaderOptions &options) {
  const std::shared_ptr<PackageFile> file(new PackageFile());
  file->path_ = std::move(path);
  file->bytes_ = bytes;
  MV_RETURN_IF_ERROR(file->load(options));
  return std::shared_ptr<const PackageFile>(file);
}

Status PackageFile::load(const ReaderOptions &options) {
  MV_RETURN_IF_ERROR(checkHeader());
  MV_RETURN_IF_ERROR(checkSections());
  MV_RETURN_IF_ERROR(checkPadding());
  MV_RETURN_IF_ERROR(checkPlan());
  return options.verifyParameters ? verifyParameters(options.threads) : Status();
}

//===----------------------------------------------------------------------===//
// The file around the plan
//===----------------------------------------------------------------------===//

Status PackageFile::checkHeader() {
  const size_t common = std::min(bytes_.size(), kMagic.size());
  if (common == 0 || std::memcmp(bytes_.data(), kMagic.data(), common) != 0)
    return Status::invalidInput(quote(path_, PATH_MAX) + " is no mv package: " +
                                (common == 0 ? "it is empty" : "it does not begin as one") +
                                "; mv-compile makes one from a checkpoint");
  if (bytes_.size() < sizeof(FileHeader))
    return corrupt("it ends within its header, after " + bytesText(bytes_.size()));
  std::memcpy(&header_, bytes_.data(), sizeof(FileHeader));
  // The version first: in another one, nothing that follows need hold.
  if (header_.version != kFormatVersion)
    return Status::invalidInput(
        quote(path_, PATH_MAX) + " has package format " + std::to_string(header_.version) +
        ", this mv reads format " + std::to_string(kFormatVersion) +
        (header_.version > kFormatVersion ? ": use the mv that wrote it, or a newer one"
                                          : ": compile the model again with this mv"));
  if (header_.headerHash != hashHeader(header_))
    return corrupt("the checksum of its header is wrong");
  if (header_.flags != 0 || header_.reserved != decltype(header_.reserved){})
    return Status::invalidInput(
        quote(path_, PATH_MAX) +
        " uses a feature this mv does not know: use the mv that wrote it, or a newer one");
  if (header_.fileBytes != bytes_.size())
    return corrupt(
        (bytes_.size() < header_.fileBytes ? "it is cut off: expected " : "it is too long: expected ") +
        bytesText(header_.fileBytes) + ", found " + std::to_string(bytes_.size()));
  return Status();
}

Status PackageFile::checkSections() {
  if (header_.sectionCount > kMaxSections ||
      sizeof(FileHeader) + header_.sectionCount * sizeof(SectionRecord) > bytes_.size())
    return corrupt("it has no room for its " + std::to_string(header_.sectionCount) + " sections");
  sections_.resize(header_.sectionCount);
  const std::span<std::byte> table = std::as_writable_bytes(std::span(sections_));
  if (!table.empty())
    std::memcpy(table.data(), bytes_.data() + sizeof(FileHeader), table.size());
  if (header_.tableHash != hashBytes(table))
    return corrupt("the checksum of its section table is wrong");

  uint64_t end = sizeof(FileHeader) + table.size();
  for (size_t index = 0; index < sections_.size(); ++index) {
    const SectionRecord &section = sections_[index];
    const std::string name =
        "section " + std::to_string(index) + " (" + std::string(sectionKindName(section.kind)) + ")";
    if (sectionKindName(section.kind) == "unknown")
      return corrupt(name + " is of the unknown kind " + std::to_string(uint32_t(section.kind)));
    if (section.alignment != kSectionAlignment || section.offset % kSectionAlignment != 0)
      return corrupt(name + " at offset " + std::to_string(section.offset) + " is not aligned to " +
                     bytesText(kSectionAlignment));
    if (section.offset < end)
      return corrupt(name + " at offset " + std::to_string(section.offset) + " overlaps what ends at " +
                     std::to_string(end));
    if (section.bytes == 0 || section.offset > bytes_.size() ||
        section.bytes > bytes_.size() - section.offset)
      return corrupt(name + ", " + bytesText(section.bytes) + " at offset " + std::to_string(section.offset) +
                     ", is not inside the file");
    end = section.offset + section.bytes;
    if (section.kind != SectionKind::Parameters && section.hash != hashBytes(sectionBytes(section)))
      return corrupt("the checksum of " + name + " is wrong");
  }
  if (end != bytes_.size())
    return corrupt("its last section ends at " + std::to_string(end) + " of " + bytesText(bytes_.size()));
  for (const SectionKind kind : {SectionKind::Parameters, SectionKind::Plan}) {
    const auto count = std::count_if(sections_.begin(), sections_.end(),
                                     [&](const SectionRecord &section) { return section.kind == kind; });
    if (count != 1)
      return corrupt("expected one section of kind " + std::string(sectionKindName(kind)) + ", found " +
                     std::to_string(count));
  }
  return Status();
}

/// What lies between sections is zero: a changed bit there is damage too.
Status PackageFile::checkPadding() const {
  uint64_t end = sizeof(FileHeader) + sections_.size() * sizeof(SectionRecord);
  for (const SectionRecord &section : sections_) {
    if (!isZero(bytes_.subspan(end, section.offset - end)))
      return corrupt("bytes before offset " + std::to_string(section.offset) + " are not zero");
    end = section.offset + section.bytes;
  }
  return Status();
}

Status PackageFile::checkPlan() {
  const std::span<const std::byte> plan = sectionBytes(section(SectionKind::Plan));
  const auto *data = reinterpret_cast<const uint8_t *>(plan.data());
  // The verifier takes no larger buffer, and asserts rather than refuses.
  constexpr uint64_t kMaxPlan = FLATBUFFERS_MAX_BUFFER_SIZE - 1;
  if (plan.size() > kMaxPlan)
    return corrupt("its plan of " + bytesText(plan.size()) + " is longer than the " +
                   std::to_string(kMaxPlan) + " there can be");
  flatbuffers::Verifier verifier(data, plan.size());
  if (!VerifyModelBuffer(verifier))
    return corrupt("its plan is no valid FlatBuffer of schema " + std::string(ModelIdentifier()));
  model_ = GetModel(data);
  const Status sound = checkModel(*model_, sections_, bytes_);
  return sound.ok() ? sound : corrupt("its plan contradicts itself: " + sound.message());
}

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

Status PackageFile::verifyParameters(unsigned threads) const {
  const std::span<const std::byte> all = sectionBytes(section(SectionKind::Parameters));
  const auto &parameters = *model_->parameters();
  // Below this, starting threads takes longer than hashing.
  constexpr size_t kParallelBytes = size_t(4) << 20;
  ThreadPool pool(all.size() < kParallelBytes ? 1 : threads);

  constexpr uint32_t kNone = UINT32_MAX;
  std::atomic<uint32_t> damaged{kNone};
  std::atomic<bool> padding{false};
  auto check = [&](uint32_t index) {
    const Parameter &parameter = *parameters.Get(index);
    const uint64_t end = parameter.offset() + parameter.bytes();
    const uint64_t next = index + 1 < parameters.size() ? parameters.Get(index + 1)->offset() : all.size();
    if (!isZero(all.subspan(end, next - end)))
      padding = true;
    if (parameter.hash() == hashBytes(this->parameter(index)))
      return;
    uint32_t before = damaged;
    while (index < before && !damaged.compare_exchange_weak(before, index)) {
    }
  };
  // The largest first, so that no thread is left with one when the others are done.
  std::vector<uint32_t> order(parameters.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](uint32_t left, uint32_t right) {
    return parameters.Get(left)->bytes() > parameters.Get(right)->bytes();
  });
  pool.parallelFor(static_cast<int64_t>(order.size()), 1, [&](unsigned, int64_t begin, int64_t end) {
    std::for_each(order.begin() + begin, order.begin() + end, check);
  });

  if (damaged != kNone)
    return corrupt("the checksum of parameter " + quote(parameters.Get(damaged)->name()->string_view()) +
                   " is wrong");
  const uint64_t first = parameters.size() == 0 ? all.size() : parameters.Get(0)->offset();
  if (padding || !isZero(all.first(first)))
    return corrupt("bytes between its parameters are not zero");
  return Status();
}

//===----------------------------------------------------------------------===//
// Access
//===----------------------------------------------------------------------===//

const SectionRecord &PackageFile::section(SectionKind kind) const {
  return *std::find_if(sections_.begin(), sections_.end(),
                       [&](const SectionRecord &section) { return section.kind == kind; });
}

const SectionRecord &PackageFile::codeSection(uint32_t index) const {
  return sections_[model_->code()->Get(index)->section()];
}

std::span<const std::byte> PackageFile::sectionBytes(const SectionRecord &section) const {
  return bytes_.subspan(section.offset, section.bytes);
}

std::span<const std::byte> PackageFile::parameter(uint32_t index) const {
  const Parameter &parameter = *model_->parameters()->Get(index);
  return bytes_.subspan(section(SectionKind::Parameters).offset + parameter.offset(), parameter.bytes());
}
