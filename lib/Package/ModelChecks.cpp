//===- ModelChecks.cpp - Every index, size and offset of a plan -----------------===//
//
// FlatBuffers' verifier has shown that the plan's tables, vectors and strings lie inside it. What they say is
// checked here, in the order of the schema, so that each check may rely on the ones above it.
//
//===----------------------------------------------------------------------===//

#include "mv/Package/Reader.h"

#include "mv/Support/Text.h"

#include <cmath>
#include <set>
#include <string_view>

using namespace mv;
using namespace mv::package;

/// Above every real size and count, and small enough that sums of a few cannot overflow.
static constexpr uint64_t kMaxBytes = uint64_t(1) << 48;
static constexpr uint64_t kMaxCount = uint64_t(1) << 40;
static constexpr uint64_t kMaxScratch = uint64_t(1) << 32;
static constexpr uint32_t kMaxSide = 1 << 16;
static constexpr uint32_t kMaxRank = 8;
static constexpr uint32_t kMaxOutputs = 256;

namespace {

class ModelChecker {
public:
  ModelChecker(const Model &model, std::span<const SectionRecord> sections)
      : model_(model), sections_(sections) {}

  Status check();

private:
  Status checkTexts() const;
  Status checkPreprocessing() const;
  Status checkParameters() const;
  Status checkCode() const;
  Status checkKernels() const;
  Status checkArguments(const Kernel &kernel, const std::string &where) const;
  Status checkImplementations(const Kernel &kernel, const std::string &where) const;
  Status checkEntries() const;
  Status checkOutputs(const Entry &entry, const std::string &where) const;
  Status checkDispatches(const Entry &entry, const std::string &where) const;
  Status checkBuffer(const Entry &entry, const Buffer &buffer, const Argument &argument,
                     std::vector<bool> &written, const std::string &where) const;

  Status fail(const std::string &where, const std::string &what) const {
    return Status::invalidInput(where + ": " + what);
  }
  /// Not empty and without the zero byte that would end it early in C.
  Status checkText(const flatbuffers::String *text, const std::string &where) const {
    if (text->size() == 0)
      return fail(where, "expected a text, found an empty one");
    return checkOptionalText(text, where);
  }
  Status checkOptionalText(const flatbuffers::String *text, const std::string &where) const {
    if (text && text->string_view().find('\0') != std::string_view::npos)
      return fail(where, "expected a text, found a zero byte in it");
    return Status();
  }
  Status checkRange(uint64_t value, uint64_t least, uint64_t most, const std::string &where) const {
    if (value >= least && value <= most)
      return Status();
    return fail(where, "expected " + std::to_string(least) + " to " + std::to_string(most) + ", found " +
                           std::to_string(value));
  }
  Status checkIndex(uint64_t index, uint64_t count, const std::string &where) const {
    if (index < count)
      return Status();
    return fail(where,
                "expected an index below " + std::to_string(count) + ", found " + std::to_string(index));
  }
  /// FlatBuffers' verifier leaves open where a vector's structs lie.
  template <typename T>
  Status checkStructs(const flatbuffers::Vector<const T *> &structs, const std::string &where) const {
    if (reinterpret_cast<uintptr_t>(structs.Data()) % alignof(T) == 0)
      return Status();
    return fail(where, "expected structs aligned to " + std::to_string(alignof(T)) + " bytes, found others");
  }
  Status checkAligned(uint64_t value, const std::string &where) const {
    if (value % kBufferAlignment == 0)
      return Status();
    return fail(where, "expected a multiple of " + std::to_string(kBufferAlignment) + ", found " +
                           std::to_string(value));
  }

  const Model &model_;
  std::span<const SectionRecord> sections_;
};

} // namespace

static std::string numbered(const char *what, uint64_t index, std::string_view name) {
  return std::string(what) + " " + std::to_string(index) + " " + quote(name);
}

/// Bytes of f32 values of one image, in or out.
static uint64_t imageBytes(const Entry &entry) {
  return uint64_t(entry.channels()) * entry.height() * entry.width() * sizeof(float);
}

static uint64_t outputBytes(const Output &output) {
  uint64_t bytes = sizeof(float);
  for (const uint32_t size : *output.shape())
    bytes *= size;
  return bytes;
}

bool mv::package::hasPreprocessing(const Model &model) {
  const Preprocessing &preprocessing = *model.preprocessing();
  return preprocessing.mean() && preprocessing.std() && preprocessing.mean()->size() > 0 &&
         preprocessing.mean()->size() == preprocessing.std()->size();
}

Status ModelChecker::check() {
  MV_RETURN_IF_ERROR(checkTexts());
  MV_RETURN_IF_ERROR(checkPreprocessing());
  MV_RETURN_IF_ERROR(checkParameters());
  MV_RETURN_IF_ERROR(checkCode());
  MV_RETURN_IF_ERROR(checkKernels());
  return checkEntries();
}

//===----------------------------------------------------------------------===//
// What describes the model
//===----------------------------------------------------------------------===//

Status ModelChecker::checkTexts() const {
  MV_RETURN_IF_ERROR(checkText(model_.producer(), "producer"));
  MV_RETURN_IF_ERROR(checkText(model_.dtype(), "dtype"));
  MV_RETURN_IF_ERROR(checkOptionalText(model_.source(), "source"));
  MV_RETURN_IF_ERROR(checkOptionalText(model_.licence(), "licence"));
  MV_RETURN_IF_ERROR(checkOptionalText(model_.config(), "config"));
  if (const auto *labels = model_.labels())
    for (uint32_t index = 0; index < labels->size(); ++index)
      MV_RETURN_IF_ERROR(checkOptionalText(labels->Get(index), "label " + std::to_string(index)));
  return Status();
}

/// Complete, or absent: a model that was compiled from IR alone has none.
Status ModelChecker::checkPreprocessing() const {
  const Preprocessing &preprocessing = *model_.preprocessing();
  const std::string where = "preprocessing";
  if (!hasPreprocessing(model_)) {
    if (preprocessing.mean() || preprocessing.std())
      return fail(where, "expected a mean and a deviation of each channel");
    return Status();
  }
  for (uint32_t index = 0; index < preprocessing.mean()->size(); ++index) {
    const float deviation = preprocessing.std()->Get(index);
    if (!std::isfinite(preprocessing.mean()->Get(index)) || !std::isfinite(deviation) || deviation == 0)
      return fail(where,
                  "expected finite means and deviations other than 0 in channel " + std::to_string(index));
  }
  if (!std::isfinite(preprocessing.crop_pct()) || preprocessing.crop_pct() <= 0)
    return fail(where, "expected a crop_pct above 0, found " + std::to_string(preprocessing.crop_pct()));
  if (!preprocessing.crop_mode() || !preprocessing.interpolation())
    return fail(where, "expected a crop_mode and an interpolation");
  MV_RETURN_IF_ERROR(checkText(preprocessing.crop_mode(), where + ", crop_mode"));
  return checkText(preprocessing.interpolation(), where + ", interpolation");
}

//===----------------------------------------------------------------------===//
// Parameters and code
//===----------------------------------------------------------------------===//

Status ModelChecker::checkParameters() const {
  uint64_t section = 0;
  for (const SectionRecord &record : sections_)
    if (record.kind == SectionKind::Parameters)
      section = record.bytes;
  uint64_t end = 0;
  for (uint32_t index = 0; index < model_.parameters()->size(); ++index) {
    const Parameter &parameter = *model_.parameters()->Get(index);
    const std::string where = numbered("parameter", index, parameter.name()->string_view());
    MV_RETURN_IF_ERROR(checkText(parameter.name(), where + ", name"));
    MV_RETURN_IF_ERROR(checkText(parameter.type(), where + ", type"));
    MV_RETURN_IF_ERROR(checkAligned(parameter.offset(), where + ", offset"));
    MV_RETURN_IF_ERROR(checkRange(parameter.offset(), end, section, where + ", offset"));
    MV_RETURN_IF_ERROR(checkRange(parameter.bytes(), 1, section - parameter.offset(), where + ", bytes"));
    end = parameter.offset() + parameter.bytes();
  }
  if (end + kReadablePadding > section)
    return fail("parameters", "expected " + std::to_string(kReadablePadding) +
                                  " bytes after the last, found " + std::to_string(section - end));
  return Status();
}

Status ModelChecker::checkCode() const {
  std::set<std::string_view> targets;
  std::set<uint32_t> used;
  for (uint32_t index = 0; index < model_.code()->size(); ++index) {
    const Code &code = *model_.code()->Get(index);
    const std::string where = numbered("code", index, code.target()->string_view());
    MV_RETURN_IF_ERROR(checkText(code.target(), where + ", target"));
    MV_RETURN_IF_ERROR(checkIndex(code.section(), sections_.size(), where + ", section"));
    if (sections_[code.section()].kind != SectionKind::Code)
      return fail(where, "expected a section of code, found section " + std::to_string(code.section()));
    if (!targets.insert(code.target()->string_view()).second)
      return fail(where, "expected one code for each target, found a second");
    if (!used.insert(code.section()).second)
      return fail(where, "expected a section of its own, found one that another target has");
  }
  for (uint32_t index = 0; index < sections_.size(); ++index)
    if (sections_[index].kind == SectionKind::Code && !used.contains(index))
      return fail("code", "expected a target for each section of code, found none for section " +
                              std::to_string(index));
  return Status();
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

Status ModelChecker::checkKernels() const {
  for (uint32_t index = 0; index < model_.kernels()->size(); ++index) {
    const Kernel &kernel = *model_.kernels()->Get(index);
    const std::string where = numbered("kernel", index, kernel.name()->string_view());
    MV_RETURN_IF_ERROR(checkText(kernel.name(), where + ", name"));
    MV_RETURN_IF_ERROR(checkText(kernel.family(), where + ", family"));
    MV_RETURN_IF_ERROR(checkArguments(kernel, where));
    MV_RETURN_IF_ERROR(checkImplementations(kernel, where));
  }
  return Status();
}

Status ModelChecker::checkArguments(const Kernel &kernel, const std::string &where) const {
  MV_RETURN_IF_ERROR(checkStructs(*kernel.arguments(), where + ", arguments"));
  auto role = ArgumentRole::Input;
  for (uint32_t index = 0; index < kernel.arguments()->size(); ++index) {
    const Argument &argument = *kernel.arguments()->Get(index);
    const std::string here = where + ", argument " + std::to_string(index);
    MV_RETURN_IF_ERROR(
        checkRange(uint64_t(argument.role()), uint64_t(role), uint64_t(ArgumentRole::MAX), here + ", role"));
    if (role == ArgumentRole::Workspace)
      return fail(here, "expected no argument after the workspace");
    role = argument.role();
    MV_RETURN_IF_ERROR(checkRange(argument.bytes(), 1, kMaxBytes, here + ", bytes"));
    if (role != ArgumentRole::Input && !argument.batched())
      return fail(here, "expected a result or workspace for each image");
  }
  return Status();
}

Status ModelChecker::checkImplementations(const Kernel &kernel, const std::string &where) const {
  std::set<uint32_t> targets;
  for (uint32_t index = 0; index < kernel.implementations()->size(); ++index) {
    const Implementation &implementation = *kernel.implementations()->Get(index);
    const std::string here = where + ", implementation " + std::to_string(index);
    MV_RETURN_IF_ERROR(checkIndex(implementation.code(), model_.code()->size(), here + ", code"));
    if (!targets.insert(implementation.code()).second)
      return fail(here, "expected one for each target, found a second");
    MV_RETURN_IF_ERROR(checkRange(implementation.scratch(), 0, kMaxScratch, here + ", scratch"));
    MV_RETURN_IF_ERROR(checkStructs(*implementation.phases(), here + ", phases"));
    MV_RETURN_IF_ERROR(checkRange(implementation.phases()->size(), 1, kMaxCount, here + ", phases"));
    const uint64_t codeBytes = sections_[model_.code()->Get(implementation.code())->section()].bytes;
    for (const Phase *phase : *implementation.phases()) {
      MV_RETURN_IF_ERROR(checkIndex(phase->code_offset(), codeBytes, here + ", code offset"));
      MV_RETURN_IF_ERROR(checkRange(phase->items(), 1, kMaxCount, here + ", items"));
      MV_RETURN_IF_ERROR(checkRange(phase->group(), 1, kMaxCount, here + ", group"));
      MV_RETURN_IF_ERROR(
          checkRange(phase->multiplier(), 1, kMaxCount / phase->items(), here + ", multiplier"));
    }
  }
  return Status();
}

//===----------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------===//

Status ModelChecker::checkEntries() const {
  MV_RETURN_IF_ERROR(checkRange(model_.entries()->size(), 1, kMaxCount, "number of entry points"));
  std::set<std::string_view> names;
  for (uint32_t index = 0; index < model_.entries()->size(); ++index) {
    const Entry &entry = *model_.entries()->Get(index);
    const std::string where = numbered("entry point", index, entry.name()->string_view());
    MV_RETURN_IF_ERROR(checkText(entry.name(), where + ", name"));
    if (!names.insert(entry.name()->string_view()).second)
      return fail(where, "expected a name of its own, found one used before");
    MV_RETURN_IF_ERROR(checkRange(entry.channels(), 1, kMaxSide, where + ", channels"));
    MV_RETURN_IF_ERROR(checkRange(entry.height(), 1, kMaxSide, where + ", height"));
    MV_RETURN_IF_ERROR(checkRange(entry.width(), 1, kMaxSide, where + ", width"));
    MV_RETURN_IF_ERROR(checkRange(imageBytes(entry), 1, kMaxBytes, where + ", bytes of an image"));
    if (hasPreprocessing(model_))
      MV_RETURN_IF_ERROR(checkRange(model_.preprocessing()->mean()->size(), entry.channels(),
                                    entry.channels(), where + ", channels of the preprocessing"));
    MV_RETURN_IF_ERROR(checkRange(entry.arena(), 0, kMaxBytes, where + ", arena"));
    MV_RETURN_IF_ERROR(checkAligned(entry.arena(), where + ", arena"));
    MV_RETURN_IF_ERROR(checkOutputs(entry, where));
    MV_RETURN_IF_ERROR(checkDispatches(entry, where));
  }
  return Status();
}

Status ModelChecker::checkOutputs(const Entry &entry, const std::string &where) const {
  MV_RETURN_IF_ERROR(checkRange(entry.outputs()->size(), 1, kMaxOutputs, where + ", number of outputs"));
  std::set<std::string_view> names;
  for (uint32_t index = 0; index < entry.outputs()->size(); ++index) {
    const Output &output = *entry.outputs()->Get(index);
    const std::string here = where + ", " + numbered("output", index, output.name()->string_view());
    MV_RETURN_IF_ERROR(checkText(output.name(), here + ", name"));
    if (!names.insert(output.name()->string_view()).second)
      return fail(here, "expected a name of its own, found one used before");
    MV_RETURN_IF_ERROR(checkRange(output.shape()->size(), 0, kMaxRank, here + ", rank"));
    uint64_t elements = 1;
    for (const uint32_t size : *output.shape()) {
      MV_RETURN_IF_ERROR(checkRange(size, 1, kMaxBytes / sizeof(float) / elements, here + ", shape"));
      elements *= size;
    }
  }
  return Status();
}

Status ModelChecker::checkDispatches(const Entry &entry, const std::string &where) const {
  std::vector<bool> written(entry.outputs()->size());
  for (uint32_t index = 0; index < entry.dispatches()->size(); ++index) {
    const Dispatch &dispatch = *entry.dispatches()->Get(index);
    const std::string here = where + ", " + numbered("dispatch", index, dispatch.label()->string_view());
    MV_RETURN_IF_ERROR(checkOptionalText(dispatch.label(), here + ", label"));
    MV_RETURN_IF_ERROR(checkIndex(dispatch.kernel(), model_.kernels()->size(), here + ", kernel"));
    MV_RETURN_IF_ERROR(checkStructs(*dispatch.buffers(), here + ", buffers"));
    const auto &arguments = *model_.kernels()->Get(dispatch.kernel())->arguments();
    MV_RETURN_IF_ERROR(checkRange(dispatch.buffers()->size(), arguments.size(), arguments.size(),
                                  here + ", number of buffers"));
    for (uint32_t position = 0; position < arguments.size(); ++position)
      MV_RETURN_IF_ERROR(checkBuffer(entry, *dispatch.buffers()->Get(position), *arguments.Get(position),
                                     written, here + ", buffer " + std::to_string(position)));
  }
  for (uint32_t index = 0; index < written.size(); ++index)
    if (!written[index])
      return fail(where, "expected a dispatch that writes output " +
                             quote(entry.outputs()->Get(index)->name()->string_view()) + ", found none");
  return Status();
}

/// `written`: which outputs an earlier argument has written.
Status ModelChecker::checkBuffer(const Entry &entry, const Buffer &buffer, const Argument &argument,
                                 std::vector<bool> &written, const std::string &where) const {
  const bool reads = argument.role() == ArgumentRole::Input;
  if (argument.batched() == (buffer.kind() == BufferKind::Parameter))
    return fail(where, argument.batched() ? "expected memory of each image, found a parameter"
                                          : "expected a parameter, found memory of each image");
  uint64_t available = 0;
  switch (buffer.kind()) {
  case BufferKind::Input:
    if (!reads)
      return fail(where, "expected memory that can be written, found the input");
    available = imageBytes(entry);
    break;
  case BufferKind::Output:
    MV_RETURN_IF_ERROR(checkIndex(buffer.index(), written.size(), where + ", output"));
    if (argument.role() == ArgumentRole::Workspace)
      return fail(where, "expected a slice for a workspace, found an output");
    if (reads && !written[buffer.index()])
      return fail(where, "expected an output that has been written, found one that has not");
    written[buffer.index()] = true;
    available = outputBytes(*entry.outputs()->Get(buffer.index()));
    break;
  case BufferKind::Parameter:
    MV_RETURN_IF_ERROR(checkIndex(buffer.index(), model_.parameters()->size(), where + ", parameter"));
    available = model_.parameters()->Get(buffer.index())->bytes();
    break;
  case BufferKind::Slice:
    MV_RETURN_IF_ERROR(checkAligned(buffer.offset(), where + ", offset"));
    MV_RETURN_IF_ERROR(checkAligned(buffer.bytes(), where + ", bytes"));
    MV_RETURN_IF_ERROR(checkRange(buffer.offset(), 0, entry.arena(), where + ", offset"));
    MV_RETURN_IF_ERROR(checkRange(buffer.bytes(), 1, entry.arena() - buffer.offset(), where + ", bytes"));
    available = buffer.bytes();
    break;
  default:
    return fail(where, "expected a kind up to " + std::to_string(unsigned(BufferKind::MAX)) + ", found " +
                           std::to_string(unsigned(buffer.kind())));
  }
  if (argument.bytes() > available)
    return fail(where, "expected at least the " + std::to_string(argument.bytes()) +
                           " bytes its kernel uses, found " + std::to_string(available));
  return Status();
}

Status mv::package::checkModel(const Model &model, std::span<const SectionRecord> sections) {
  return ModelChecker(model, sections).check();
}
