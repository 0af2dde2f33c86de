//===- Reader.h - Reading packages ----------------------------------*- C++ -*-===//
//
// A package comes from anywhere, and its code is going to run. So the reader believes nothing: header, table,
// bounds, hashes, the FlatBuffer's own structure, then every index, size and offset in the plan. What open()
// returns can be used without another check: a dispatch's buffers lie inside the arena or a parameter and are
// as long as its kernel asks, code offsets lie inside the code. (The hashes are against damage, not against
// malice: whoever writes a package chooses its code.)
//
//===----------------------------------------------------------------------===//

#ifndef MV_PACKAGE_READER_H
#define MV_PACKAGE_READER_H

#include "mv/Package/Format.h"
#include "mv/Package/Package_generated.h"
#include "mv/Support/MappedFile.h"
#include "mv/Support/Status.h"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mv::package {

struct ReaderOptions {
  /// Hash the parameters too, the bulk of the file. Plan and code are always hashed.
  bool verifyParameters = true;
  /// Threads for that; 0: one per CPU this process may use.
  unsigned threads = 0;
};

/// A package, mapped and found sound. Immutable; any number of threads may use it.
class PackageFile {
public:
  static StatusOr<std::shared_ptr<const PackageFile>> open(const std::string &path,
                                                           const ReaderOptions &options = {});
  /// Reads bytes that outlive the result and are aligned to 64 bytes; for tests and fuzzing. There is no
  /// descriptor() then, so the code cannot be mapped.
  static StatusOr<std::shared_ptr<const PackageFile>>
  parse(std::span<const std::byte> bytes, std::string path, const ReaderOptions &options = {});

  const std::string &path() const { return path_; }
  /// For further mappings of the file; -1 after parse().
  int descriptor() const { return mapping_.descriptor(); }
  std::span<const std::byte> bytes() const { return bytes_; }
  const FileHeader &header() const { return header_; }
  std::span<const SectionRecord> sections() const { return sections_; }
  const Model &model() const { return *model_; }

  /// The section of kind Parameters or Plan: there is exactly one of each.
  const SectionRecord &section(SectionKind kind) const;
  /// The section that holds model().code()[index].
  const SectionRecord &codeSection(uint32_t index) const;
  std::span<const std::byte> sectionBytes(const SectionRecord &section) const;
  /// The bytes of a parameter, followed by at least kReadablePadding readable ones.
  std::span<const std::byte> parameter(uint32_t index) const;

  /// Hashes all parameters on `threads` threads.
  Status verifyParameters(unsigned threads = 0) const;

private:
  PackageFile() = default;
  Status load(const ReaderOptions &options);
  Status checkHeader();
  Status checkSections();
  Status checkPadding() const;
  Status checkPlan();
  Status corrupt(const std::string &what) const;

  std::string path_;
  MappedFile mapping_;
  std::span<const std::byte> bytes_;
  FileHeader header_ = {};
  std::vector<SectionRecord> sections_;
  const Model *model_ = nullptr;
};

/// Checks all of a plan that its schema does not: every index, size and offset. `sections` has been checked.
/// The message says where in the plan; the caller adds which file.
///
/// `file`: the bytes that `sections` lie in, for what code has to begin and end with; empty where they are not at hand.
Status checkModel(const Model &model, std::span<const SectionRecord> sections,
                  std::span<const std::byte> file = {});

/// Bytes of one image of an entry point's input, and of an output, which is f32.
uint64_t inputBytes(const Entry &entry);
uint64_t outputBytes(const Output &output);

/// "f32", "u8"
const char *inputTypeName(InputType type);
/// What `batch` images are, "f32 [8, 3, 224, 224] (normalised images)".
std::string describeInput(const Entry &entry, int64_t batch);

/// The program of `entry` for "cpu" or "cuda"; null if there is none.
const Program *findProgram(const Entry &entry, std::string_view device);

/// Which of a model's kernels the programs for `device` run.
std::vector<bool> kernelsOn(const Model &model, std::string_view device);

/// "cpu, cuda": the devices that the model has programs for.
std::string deviceList(const Model &model);

/// 80 for "sm_80" and "sm_90a" alike; 0 for what names no kind of GPU.
unsigned gpuCapability(std::string_view target);

/// Whether the model says how pictures become its input; one that was compiled from IR alone does not.
bool hasPreprocessing(const Model &model);

} // namespace mv::package

#endif // MV_PACKAGE_READER_H
