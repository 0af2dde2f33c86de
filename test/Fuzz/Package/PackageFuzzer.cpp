//===- PackageFuzzer.cpp - Any bytes as a package -------------------------------===//
//
// Whatever the bytes, reading returns an error of one line or a package of which every part can be touched.
// The first byte says what the rest is:
//
//     even   a file
//     odd    changes to a valid one, in records of 4 bytes: where (16 bits), operation, value. Checksums are
//     made right
//            again afterwards, so that the fuzzer gets past them. No corpus is needed for this.
//
//===----------------------------------------------------------------------===//

#include "Package/TestModel.h"
#include "Support/TemporaryFolder.h"

#include <cstdlib>

using namespace mv;
using namespace mv::package;
using namespace mv::test;

/// Memory aligned as a mapping is, of exactly the size of the file.
static std::unique_ptr<std::byte, decltype(&std::free)> alignedCopy(std::span<const std::byte> bytes) {
  void *memory = nullptr;
  if (posix_memalign(&memory, kSectionAlignment, std::max<size_t>(bytes.size(), 1)) != 0)
    std::abort();
  if (!bytes.empty())
    std::memcpy(memory, bytes.data(), bytes.size());
  return {static_cast<std::byte *>(memory), &std::free};
}

static const std::string &validPackage() {
  static const std::string content = [] {
    const TemporaryFolder folder;
    if (!writeTestPackage(folder.file("valid.mvx")).ok())
      std::abort();
    return folder.read("valid.mvx");
  }();
  return content;
}

/// Gives the header, the table and each section that lies in the file the checksum that fits.
static void rehash(std::span<std::byte> bytes) {
  FileHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  const size_t room = (bytes.size() - sizeof(header)) / sizeof(SectionRecord);
  const size_t count = std::min<size_t>({header.sectionCount, room, kMaxSections});
  const std::span<std::byte> table = bytes.subspan(sizeof(header), count * sizeof(SectionRecord));
  for (size_t index = 0; index < count; ++index) {
    SectionRecord section;
    std::memcpy(&section, &table[index * sizeof(section)], sizeof(section));
    if (section.offset > bytes.size() || section.bytes > bytes.size() - section.offset)
      continue;
    section.hash = hashBytes(bytes.subspan(section.offset, section.bytes));
    std::memcpy(&table[index * sizeof(section)], &section, sizeof(section));
  }
  header.tableHash = hashBytes(table);
  header.headerHash = hashHeader(header);
  std::memcpy(bytes.data(), &header, sizeof(header));
}

/// The places worth changing: header and table, then the plan, which is the end of the file.
static size_t placeToChange(size_t where, size_t fileBytes) {
  constexpr size_t kFront = sizeof(FileHeader) + 3 * sizeof(SectionRecord);
  constexpr size_t kPlan = 3 * kSectionAlignment;
  where %= kFront + fileBytes - kPlan;
  return where < kFront ? where : kPlan + where - kFront;
}

static void change(std::span<std::byte> bytes, std::span<const uint8_t> records) {
  for (; records.size() >= 4; records = records.subspan(4)) {
    std::byte &byte = bytes[placeToChange(records[0] | records[1] << 8, bytes.size())];
    const auto value = static_cast<std::byte>(records[3]);
    byte = records[2] % 2 ? value : byte ^ value;
  }
  rehash(bytes);
}

/// Uses everything that a runtime would.
static uint64_t touch(const PackageFile &file) {
  uint64_t sum = 0;
  const Model &model = file.model();
  for (uint32_t index = 0; index < model.parameters()->size(); ++index)
    sum += hashBytes(file.parameter(index)) +
           uint8_t(*(file.parameter(index).data() + file.parameter(index).size() + kReadablePadding - 1));
  for (const Kernel *kernel : *model.kernels())
    for (const Implementation *implementation : *kernel->implementations())
      for (const Phase *phase : *implementation->phases())
        sum += uint8_t(file.sectionBytes(file.codeSection(implementation->code()))[phase->code_offset()]);
  for (const Entry *entry : *model.entries())
    for (const Program *program : *entry->programs())
      for (const Dispatch *dispatch : *program->dispatches())
        sum += model.kernels()->Get(dispatch->kernel())->name()->size() + dispatch->label()->size();
  return sum;
}

static void read(std::span<const std::byte> bytes) {
  const auto memory = alignedCopy(bytes);
  for (const bool verify : {false, true}) {
    const auto file =
        PackageFile::parse({memory.get(), bytes.size()}, "input", {.verifyParameters = verify, .threads = 1});
    if (file.ok()) {
      volatile uint64_t sum = touch(**file);
      (void)sum;
    } else if (file.status().message().find('\n') != std::string::npos) {
      std::abort();
    }
  }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  const std::span<const uint8_t> rest(data + 1, size - 1);
  if (data[0] % 2 == 0) {
    read(std::as_bytes(rest));
    return 0;
  }
  std::string content = validPackage();
  change(std::as_writable_bytes(std::span(content)), rest);
  read(std::as_bytes(std::span(content)));
  return 0;
}
