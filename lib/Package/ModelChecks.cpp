//===- ModelChecks.cpp - Every index, size and offset of a plan -----------------===//
//
// FlatBuffers' verifier has shown that the plan's tables, vectors and strings lie inside it. What they say is
// checked here, in the order of the schema, so that each check may rely on the ones above it.
//
//===----------------------------------------------------------------------===//

#include "mv/Package/Reader.h"

#include "mv/Support/Text.h"

#include <cmath>
#include <cstring>
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

/// What every GPU since sm_80 takes at most; a device that has less refuses the launch.
static constexpr uint32_t kMaxThreads = 1024;
static constexpr uint32_t kWarp = 32;
static constexpr uint32_t kMaxShared = 227 << 10;
/// The x extent of a grid is below 2^31.
static constexpr uint64_t kMaxBlocks = (uint64_t(1) << 31) - 1;
static constexpr uint32_t kMaxLaunches = 64;

namespace {

class ModelChecker {
public:
  ModelChecker(const Model &model, std::span<const SectionRecord> sections, std::span<const std::byte> file)
      : model_(model), sections_(sections), file_(file) {}

  Status check();

private:
  Status checkTexts() const;
  Status checkPreprocessing() const;
  Status checkParameters() const;
  Status checkCode() const;
  Status checkImage(const Code &code, const std::string &where) const;
  Status checkKernels() const;
  Status checkArguments(const Kernel &kernel, const std::string &where) const;
  Status checkImplementations(const Kernel &kernel, const std::string &where) const;
  Status checkGPU(const Kernel &kernel, const std::string &where) const;
  Status checkLaunch(const Launch &launch, const std::string &where) const;
  Status checkEntries() const;
  Status checkOutputs(const Entry &entry, const std::string &where) const;
  Status checkPrograms(const Entry &entry, const std::string &where) const;
  Status checkDispatches(const Entry &entry, const Program &program, const std::string &where) const;
  Status checkBuffer(const Entry &entry, const Program &program, const Buffer &buffer,
                     const Argument &argument, std::vector<bool> &written, const std::string &where) const;

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
  std::span<const std::byte> file_;
};

} // namespace

static std::string numbered(const char *what, uint64_t index, std::string_view name) {
  return std::string(what) + " " + std::to_string(index) + " " + quote(name);
}

uint64_t mv::package::inputBytes(const Entry &entry) {
  const uint64_t values = uint64_t(entry.channels()) * entry.height() * entry.width();
  return entry.input() == InputType::U8 ? values : values * sizeof(float);
}

const char *mv::package::inputTypeName(InputType type) { return type == InputType::U8 ? "u8" : "f32"; }

std::string mv::package::describeInput(const Entry &entry, int64_t batch) {
  const std::string size = std::to_string(entry.height()) + ", " + std::to_string(entry.width());
  const std::string channels = std::to_string(entry.channels());
  if (entry.input() == InputType::U8)
    return "u8 [" + std::to_string(batch) + ", " + size + ", " + channels + "] (pictures)";
  return "f32 [" + std::to_string(batch) + ", " + channels + ", " + size + "] (normalised images)";
}

uint64_t mv::package::outputBytes(const Output &output) {
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

const Program *mv::package::findProgram(const Entry &entry, std::string_view device) {
  for (const Program *program : *entry.programs())
    if (program->device()->string_view() == device)
      return program;
  return nullptr;
}

std::vector<bool> mv::package::kernelsOn(const Model &model, std::string_view device) {
  std::vector<bool> used(model.kernels()->size());
  for (const Entry *entry : *model.entries())
    if (const Program *program = findProgram(*entry, device))
      for (const Dispatch *dispatch : *program->dispatches())
        used[dispatch->kernel()] = true;
  return used;
}

std::string mv::package::deviceList(const Model &model) {
  std::set<std::string> devices;
  for (const Entry *entry : *model.entries())
    for (const Program *program : *entry->programs())
      devices.insert(program->device()->str());
  std::string list;
  for (const std::string &device : devices)
    list += (list.empty() ? "" : ", ") + device;
  return list;
}

unsigned mv::package::gpuCapability(std::string_view target) {
  constexpr std::string_view kPrefix = "sm_";
  if (!target.starts_with(kPrefix))
    return 0;
  target.remove_prefix(kPrefix.size());
  if (target.ends_with('a') || target.ends_with('f'))
    target.remove_suffix(1);
  if (target.size() < 2 || target.size() > 3 || target.front() == '0')
    return 0;
  unsigned capability = 0;
  for (const char digit : target) {
    if (digit < '0' || digit > '9')
      return 0;
    capability = capability * 10 + static_cast<unsigned>(digit - '0');
  }
  return capability;
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
  std::set<std::pair<std::string_view, CodeKind>> targets;
  std::set<uint32_t> used;
  for (uint32_t index = 0; index < model_.code()->size(); ++index) {
    const Code &code = *model_.code()->Get(index);
    const std::string where = numbered("code", index, code.target()->string_view());
    MV_RETURN_IF_ERROR(checkText(code.target(), where + ", target"));
    MV_RETURN_IF_ERROR(checkIndex(code.section(), sections_.size(), where + ", section"));
    if (sections_[code.section()].kind != SectionKind::Code)
      return fail(where, "expected a section of code, found section " + std::to_string(code.section()));
    MV_RETURN_IF_ERROR(checkRange(uint64_t(code.kind()), 0, uint64_t(CodeKind::MAX), where + ", kind"));
    if (!targets.insert({code.target()->string_view(), code.kind()}).second)
      return fail(where, "expected one code of a kind for each target, found a second");
    if (!used.insert(code.section()).second)
      return fail(where, "expected a section of its own, found one that another target has");
    if (code.kind() != CodeKind::Machine)
      MV_RETURN_IF_ERROR(checkImage(code, where));
  }
  for (uint32_t index = 0; index < sections_.size(); ++index)
    if (sections_[index].kind == SectionKind::Code && !used.contains(index))
      return fail("code", "expected a target for each section of code, found none for section " +
                              std::to_string(index));
  return Status();
}

/// The driver reads PTX up to its zero byte, and a cubin as an ELF file.
Status ModelChecker::checkImage(const Code &code, const std::string &where) const {
  const SectionRecord &section = sections_[code.section()];
  if (gpuCapability(code.target()->string_view()) == 0)
    return fail(where, "expected a target like sm_80 for a GPU image");
  MV_RETURN_IF_ERROR(checkRange(section.bytes, 4, kMaxBytes, where + ", bytes"));
  if (file_.empty())
    return Status();
  const std::span<const std::byte> bytes = file_.subspan(section.offset, section.bytes);
  if (code.kind() == CodeKind::PTX && bytes.back() != std::byte(0))
    return fail(where, "expected PTX that ends in a zero byte");
  constexpr std::string_view kELF = "\x7f"
                                    "ELF";
  if (code.kind() == CodeKind::Cubin && std::memcmp(bytes.data(), kELF.data(), kELF.size()) != 0)
    return fail(where, "expected a cubin, found one that does not begin as an ELF file");
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
    MV_RETURN_IF_ERROR(checkGPU(kernel, where));
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
    if (model_.code()->Get(implementation.code())->kind() != CodeKind::Machine)
      return fail(here, "expected code for a CPU, found an image for a GPU");
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

Status ModelChecker::checkGPU(const Kernel &kernel, const std::string &where) const {
  if (!kernel.gpu())
    return Status();
  std::set<std::string_view> targets;
  for (uint32_t index = 0; index < kernel.gpu()->size(); ++index) {
    const GPUImplementation &gpu = *kernel.gpu()->Get(index);
    const std::string here =
        where + ", " + numbered("GPU implementation", index, gpu.target()->string_view());
    bool hasImage = false;
    for (const Code *code : *model_.code())
      hasImage |=
          code->kind() != CodeKind::Machine && code->target()->string_view() == gpu.target()->string_view();
    if (!hasImage)
      return fail(here, "expected a target that there is an image for");
    if (!targets.insert(gpu.target()->string_view()).second)
      return fail(here, "expected one for each target, found a second");
    MV_RETURN_IF_ERROR(checkRange(gpu.variants()->size(), 1, kMaxLaunches, here + ", variants"));
    uint32_t least = 1, most = 1; // The first is for a batch of 1 on.
    for (uint32_t position = 0; position < gpu.variants()->size(); ++position) {
      const Variant &variant = *gpu.variants()->Get(position);
      const std::string place = here + ", variant " + std::to_string(position);
      MV_RETURN_IF_ERROR(checkRange(variant.batch(), least, most, place + ", batch"));
      MV_RETURN_IF_ERROR(checkRange(variant.launches()->size(), 1, kMaxLaunches, place + ", launches"));
      for (uint32_t launch = 0; launch < variant.launches()->size(); ++launch)
        MV_RETURN_IF_ERROR(
            checkLaunch(*variant.launches()->Get(launch), place + ", launch " + std::to_string(launch)));
      least = variant.batch() + 1;
      most = INT32_MAX;
    }
  }
  return Status();
}

Status ModelChecker::checkLaunch(const Launch &launch, const std::string &where) const {
  MV_RETURN_IF_ERROR(checkText(launch.function(), where + ", function"));
  MV_RETURN_IF_ERROR(checkRange(launch.items(), 1, kMaxCount, where + ", items"));
  MV_RETURN_IF_ERROR(checkRange(launch.group(), 1, kMaxCount, where + ", group"));
  MV_RETURN_IF_ERROR(checkRange(launch.multiplier(), 1, kMaxBlocks, where + ", multiplier"));
  MV_RETURN_IF_ERROR(checkRange((launch.items() - 1) / launch.group() + 1, 1,
                                kMaxBlocks / launch.multiplier(), where + ", blocks"));
  MV_RETURN_IF_ERROR(checkRange(launch.threads(), kWarp, kMaxThreads, where + ", threads"));
  if (launch.threads() % kWarp != 0)
    return fail(where, "expected whole warps of 32 threads, found " + std::to_string(launch.threads()));
  return checkRange(launch.shared(), 0, kMaxShared, where + ", shared memory");
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
    MV_RETURN_IF_ERROR(checkRange(uint64_t(entry.input()), 0, uint64_t(InputType::MAX), where + ", input"));
    MV_RETURN_IF_ERROR(checkRange(entry.channels(), 1, kMaxSide, where + ", channels"));
    MV_RETURN_IF_ERROR(checkRange(entry.height(), 1, kMaxSide, where + ", height"));
    MV_RETURN_IF_ERROR(checkRange(entry.width(), 1, kMaxSide, where + ", width"));
    MV_RETURN_IF_ERROR(checkRange(inputBytes(entry), 1, kMaxBytes, where + ", bytes of an image"));
    if (hasPreprocessing(model_))
      MV_RETURN_IF_ERROR(checkRange(model_.preprocessing()->mean()->size(), entry.channels(),
                                    entry.channels(), where + ", channels of the preprocessing"));
    MV_RETURN_IF_ERROR(checkOutputs(entry, where));
    MV_RETURN_IF_ERROR(checkPrograms(entry, where));
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

Status ModelChecker::checkPrograms(const Entry &entry, const std::string &where) const {
  MV_RETURN_IF_ERROR(checkRange(entry.programs()->size(), 1, 2, where + ", number of programs"));
  std::set<std::string_view> devices;
  for (const Program *program : *entry.programs()) {
    const std::string_view device = program->device()->string_view(), dtype = program->dtype()->string_view();
    const std::string here = where + ", program for " + quote(device);
    if (device != "cpu" && device != "cuda")
      return fail(here, "expected a program for cpu or cuda");
    if (!devices.insert(device).second)
      return fail(here, "expected one for each device, found a second");
    if (dtype != "f32" && (device == "cpu" || (dtype != "tf32" && dtype != "f16" && dtype != "bf16")))
      return fail(here, "expected a dtype the device computes in, found " + quote(dtype));
    MV_RETURN_IF_ERROR(checkRange(program->arena(), 0, kMaxBytes, here + ", arena"));
    MV_RETURN_IF_ERROR(checkAligned(program->arena(), here + ", arena"));
    MV_RETURN_IF_ERROR(checkDispatches(entry, *program, here));
  }
  for (const Program *program : *model_.entries()->Get(0)->programs())
    if (!devices.contains(program->device()->string_view()) ||
        devices.size() != model_.entries()->Get(0)->programs()->size())
      return fail(where, "expected programs for the devices that the first entry point has them for");
  return Status();
}

Status ModelChecker::checkDispatches(const Entry &entry, const Program &program,
                                     const std::string &where) const {
  const bool onGPU = program.device()->string_view() == "cuda";
  std::vector<bool> written(entry.outputs()->size());
  for (uint32_t index = 0; index < program.dispatches()->size(); ++index) {
    const Dispatch &dispatch = *program.dispatches()->Get(index);
    const std::string here = where + ", " + numbered("dispatch", index, dispatch.label()->string_view());
    MV_RETURN_IF_ERROR(checkOptionalText(dispatch.label(), here + ", label"));
    MV_RETURN_IF_ERROR(checkIndex(dispatch.kernel(), model_.kernels()->size(), here + ", kernel"));
    MV_RETURN_IF_ERROR(checkStructs(*dispatch.buffers(), here + ", buffers"));
    const Kernel &kernel = *model_.kernels()->Get(dispatch.kernel());
    if (onGPU ? !kernel.gpu() || kernel.gpu()->size() == 0 : kernel.implementations()->size() == 0)
      return fail(here, "expected a kernel that has code for the device");
    const auto &arguments = *kernel.arguments();
    MV_RETURN_IF_ERROR(checkRange(dispatch.buffers()->size(), arguments.size(), arguments.size(),
                                  here + ", number of buffers"));
    for (uint32_t position = 0; position < arguments.size(); ++position)
      MV_RETURN_IF_ERROR(checkBuffer(entry, program, *dispatch.buffers()->Get(position),
                                     *arguments.Get(position), written,
                                     here + ", buffer " + std::to_string(position)));
  }
  for (uint32_t index = 0; index < written.size(); ++index)
    if (!written[index])
      return fail(where, "expected a dispatch that writes output " +
                             quote(entry.outputs()->Get(index)->name()->string_view()) + ", found none");
  return Status();
}

/// `written`: which outputs an earlier argument has written.
Status ModelChecker::checkBuffer(const Entry &entry, const Program &program, const Buffer &buffer,
                                 const Argument &argument, std::vector<bool> &written,
                                 const std::string &where) const {
  const bool reads = argument.role() == ArgumentRole::Input;
  if (argument.batched() == (buffer.kind() == BufferKind::Parameter))
    return fail(where, argument.batched() ? "expected memory of each image, found a parameter"
                                          : "expected a parameter, found memory of each image");
  uint64_t available = 0;
  switch (buffer.kind()) {
  case BufferKind::Input:
    if (!reads)
      return fail(where, "expected memory that can be written, found the input");
    available = inputBytes(entry);
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
    MV_RETURN_IF_ERROR(checkRange(buffer.offset(), 0, program.arena(), where + ", offset"));
    MV_RETURN_IF_ERROR(checkRange(buffer.bytes(), 1, program.arena() - buffer.offset(), where + ", bytes"));
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

Status mv::package::checkModel(const Model &model, std::span<const SectionRecord> sections,
                               std::span<const std::byte> file) {
  return ModelChecker(model, sections, file).check();
}
