//===- Writer.cpp - Writing packages --------------------------------------------===//
//
// The order of work is the order in the file: parameters as they are made, code, then the plan, which by then
// knows the parameters' hashes, then header and table in the space left at the front.
//
//===----------------------------------------------------------------------===//

#include "mv/Package/Writer.h"

#include "mv/Package/Format.h"
#include "mv/Package/Reader.h"
#include "mv/Support/MappedFile.h"
#include "mv/Support/Text.h"

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <mutex>

using namespace mv;
using namespace mv::package;

namespace {

/// Lets threads hold `limit` bytes between them; one that wants more than that waits until it is alone.
class MemoryGate {
public:
  explicit MemoryGate(uint64_t limit) : limit_(limit) {}

  void acquire(uint64_t bytes) {
    std::unique_lock lock(mutex_);
    released_.wait(lock, [&] { return held_ == 0 || held_ + bytes <= limit_; });
    held_ += bytes;
  }
  void release(uint64_t bytes) {
    {
      const std::lock_guard lock(mutex_);
      held_ -= bytes;
    }
    released_.notify_all();
  }

private:
  const uint64_t limit_;
  uint64_t held_ = 0;
  std::mutex mutex_;
  std::condition_variable released_;
};

class PackageWriter {
public:
  PackageWriter(AtomicFile file, ModelT model, std::span<const CodeBlob> code, std::string path)
      : file_(std::move(file)), model_(std::move(model)), code_(code), path_(std::move(path)) {}

  Status write(const FillParameter &fillParameter, const WriterOptions &options);

private:
  void layOut();
  Status writeParameters(const FillParameter &fillParameter, const WriterOptions &options);
  Status writeParameter(size_t index, const FillParameter &fillParameter);
  Status writeCode();
  Status writePlan();
  Status writeHeader();

  uint64_t addSection(SectionKind kind, uint64_t bytes, uint64_t hash);

  AtomicFile file_;
  ModelT model_;
  std::span<const CodeBlob> code_;
  std::string path_;
  std::vector<SectionRecord> sections_;
};

} // namespace

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

/// Places a section behind the last one and returns its offset.
uint64_t PackageWriter::addSection(SectionKind kind, uint64_t bytes, uint64_t hash) {
  const uint64_t end = sections_.empty() ? sizeof(FileHeader) + kMaxSections * sizeof(SectionRecord)
                                         : sections_.back().offset + sections_.back().bytes;
  const uint64_t offset = alignUp(end, kSectionAlignment);
  sections_.push_back({kind, static_cast<uint32_t>(kSectionAlignment), offset, bytes, hash});
  return offset;
}

/// Gives parameters their offsets, and code its sections.
void PackageWriter::layOut() {
  uint64_t end = 0;
  for (const std::unique_ptr<ParameterT> &parameter : model_.parameters) {
    parameter->offset = alignUp(end, kBufferAlignment);
    end = parameter->offset + parameter->bytes;
  }
  addSection(SectionKind::Parameters, alignUp(end + kReadablePadding, kBufferAlignment), 0);
  for (const CodeBlob &blob : code_) {
    addSection(SectionKind::Code, blob.bytes.size(), hashBytes(blob.bytes));
    auto code = std::make_unique<CodeT>();
    code->target = blob.target;
    code->kind = blob.kind;
    code->section = static_cast<uint32_t>(sections_.size() - 1);
    model_.code.push_back(std::move(code));
  }
}

//===----------------------------------------------------------------------===//
// Sections
//===----------------------------------------------------------------------===//

Status PackageWriter::writeParameter(size_t index, const FillParameter &fillParameter) {
  ParameterT &parameter = *model_.parameters[index];
  const uint64_t allocated = alignUp(parameter.bytes, kBufferAlignment);
  const std::unique_ptr<void, decltype(&std::free)> memory(std::aligned_alloc(kBufferAlignment, allocated),
                                                           &std::free);
  if (!memory)
    return Status::unavailable("cannot write " + quote(path_) + ": not enough memory for the " +
                               std::to_string(parameter.bytes) + " bytes of parameter " +
                               quote(parameter.name));
  std::memset(memory.get(), 0, allocated);
  const std::span<std::byte> bytes(static_cast<std::byte *>(memory.get()), parameter.bytes);
  MV_RETURN_IF_ERROR(fillParameter(index, bytes));
  parameter.hash = hashBytes(bytes);
  return file_.writeAt(sections_.front().offset + parameter.offset, bytes);
}

Status PackageWriter::writeParameters(const FillParameter &fillParameter, const WriterOptions &options) {
  MemoryGate gate(options.memoryLimit);
  std::mutex mutex;
  Status failure;
  size_t failedIndex = 0;
  std::atomic<bool> failed{false};

  auto writeOne = [&](size_t index) {
    if (failed)
      return;
    const uint64_t bytes = model_.parameters[index]->bytes;
    gate.acquire(bytes);
    Status status = writeParameter(index, fillParameter);
    gate.release(bytes);
    if (status.ok())
      return;
    const std::lock_guard lock(mutex);
    // Of several failures the first in the model's order is told.
    if (!failed || index < failedIndex) {
      failure = std::move(status);
      failedIndex = index;
    }
    failed = true;
  };
  auto writeRange = [&](unsigned, int64_t begin, int64_t end) {
    for (int64_t index = begin; index < end; ++index)
      writeOne(static_cast<size_t>(index));
  };
  const auto count = static_cast<int64_t>(model_.parameters.size());
  if (options.pool)
    options.pool->parallelFor(count, 1, writeRange);
  else
    writeRange(0, 0, count);
  return failure;
}

Status PackageWriter::writeCode() {
  for (size_t index = 0; index < code_.size(); ++index)
    MV_RETURN_IF_ERROR(file_.writeAt(sections_[1 + index].offset, code_[index].bytes));
  return Status();
}

Status PackageWriter::writePlan() {
  flatbuffers::FlatBufferBuilder builder;
  FinishModelBuffer(builder, Model::Pack(builder, &model_));
  const std::span<const std::byte> plan(reinterpret_cast<const std::byte *>(builder.GetBufferPointer()),
                                        builder.GetSize());
  const uint64_t offset = addSection(SectionKind::Plan, plan.size(), hashBytes(plan));
  // What the reader would refuse must not be written: it is the compiler that is wrong then, not the file.
  const Status sound = checkModel(*GetModel(plan.data()), sections_);
  if (!sound.ok())
    return Status::internal("cannot write " + quote(path_) +
                            ": its plan contradicts itself: " + sound.message());
  return file_.writeAt(offset, plan);
}

Status PackageWriter::writeHeader() {
  const std::span<const std::byte> table = std::as_bytes(std::span(sections_));
  FileHeader header = {};
  header.magic = kMagic;
  header.version = kFormatVersion;
  header.sectionCount = static_cast<uint32_t>(sections_.size());
  header.fileBytes = sections_.back().offset + sections_.back().bytes;
  header.tableHash = hashBytes(table);
  header.headerHash = hashHeader(header);
  MV_RETURN_IF_ERROR(file_.writeAt(sizeof(FileHeader), table));
  return file_.writeAt(0, std::as_bytes(std::span(&header, 1)));
}

Status PackageWriter::write(const FillParameter &fillParameter, const WriterOptions &options) {
  layOut();
  MV_RETURN_IF_ERROR(writeParameters(fillParameter, options));
  MV_RETURN_IF_ERROR(writeCode());
  MV_RETURN_IF_ERROR(writePlan());
  MV_RETURN_IF_ERROR(writeHeader());
  return file_.commit();
}

Status mv::package::writePackage(const std::string &path, ModelT model, std::span<const CodeBlob> code,
                                 const FillParameter &fillParameter, const WriterOptions &options) {
  if (!model.code.empty())
    return Status::internal("the writer was given a model whose code table is filled already");
  if (code.size() + 2 > kMaxSections)
    return Status::internal("the writer was given code for " + std::to_string(code.size()) +
                            " targets; expected at most " + std::to_string(kMaxSections - 2));
  for (const std::unique_ptr<ParameterT> &parameter : model.parameters)
    if (parameter->bytes == 0)
      return Status::internal("the writer was given parameter " + quote(parameter->name) + " without a size");
  for (const CodeBlob &blob : code)
    if (blob.kind == CodeKind::PTX && (blob.bytes.empty() || blob.bytes.back() != std::byte(0)))
      return Status::internal("the writer was given PTX for " + quote(blob.target) +
                              " that does not end in a zero byte");
  if (!model.preprocessing)
    return Status::internal("the writer was given a model without preprocessing");
  MV_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::create(path));
  return PackageWriter(std::move(file), std::move(model), code, path).write(fillParameter, options);
}
