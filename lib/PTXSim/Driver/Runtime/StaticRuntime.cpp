//===- StaticRuntime.cpp - Programs that contain a CUDA runtime of their own -----------------===//
//
// nvcc links NVIDIA's runtime statically unless told otherwise, and that runtime works with
// NVIDIA's driver only. When this library is preloaded, as cuda-sim does, it looks at the
// program before any of its code runs: each function of the runtime's interface that the
// program's symbol table has, and this library too, is made to jump here. So the program uses
// this runtime as if it had been linked with `-cudart shared`; nothing of the one it contains
// is called. A stripped program has no symbol table, and is left as it is.
//
//===----------------------------------------------------------------------===//

#include "mv/Support/MappedFile.h"

#include <cstdint>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <span>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#if defined(__x86_64__)

namespace {

/// A function of the program's and what takes its place.
struct Replacement {
  uint64_t address = 0; ///< As the program's file has it.
  const void *target = nullptr;
};

/// jmp *0(%rip), followed by where to.
struct Jump {
  uint8_t code[6] = {0xFF, 0x25, 0, 0, 0, 0};
  uint8_t target[8];
};
static_assert(sizeof(Jump) == 14);

/// `count` objects of type T at `offset`, or nothing when they leave the file or are not aligned.
template <typename T>
std::span<const T> at(std::span<const std::byte> file, uint64_t offset, uint64_t count) {
  if (offset > file.size() || count > (file.size() - offset) / sizeof(T) || offset % alignof(T) != 0)
    return {};
  return {reinterpret_cast<const T *>(file.data() + offset), static_cast<size_t>(count)};
}

/// Calls `visit(name, symbol)` for every function in the file's symbol table.
template <typename Visit> void forEachFunction(std::span<const std::byte> file, Visit visit) {
  auto header = at<Elf64_Ehdr>(file, 0, 1);
  if (header.empty() || std::memcmp(header[0].e_ident, ELFMAG, SELFMAG) != 0 ||
      header[0].e_ident[EI_CLASS] != ELFCLASS64)
    return;
  auto sections = at<Elf64_Shdr>(file, header[0].e_shoff, header[0].e_shnum);
  for (const Elf64_Shdr &section : sections) {
    if (section.sh_type != SHT_SYMTAB || section.sh_link >= sections.size())
      continue;
    const Elf64_Shdr &strings = sections[section.sh_link];
    auto names = at<char>(file, strings.sh_offset, strings.sh_size);
    if (names.empty() || names.back() != 0)
      continue;
    for (const Elf64_Sym &symbol :
         at<Elf64_Sym>(file, section.sh_offset, section.sh_size / sizeof(Elf64_Sym)))
      if (ELF64_ST_TYPE(symbol.st_info) == STT_FUNC && symbol.st_shndx != SHN_UNDEF &&
          symbol.st_name < names.size())
        visit(names.data() + symbol.st_name, symbol);
  }
}

/// What the program has in common with this library, if it contains a runtime.
std::vector<Replacement> findReplacements(std::span<const std::byte> program) {
  Dl_info self;
  if (!dladdr(reinterpret_cast<void *>(&findReplacements), &self))
    return {};
  void *library = dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  if (!library)
    return {};
  std::vector<Replacement> found;
  bool registers = false;
  forEachFunction(program, [&](const char *name, const Elf64_Sym &symbol) {
    bool isInterface = std::strncmp(name, "cuda", 4) == 0 || std::strncmp(name, "__cuda", 6) == 0;
    if (!isInterface || symbol.st_size < sizeof(Jump))
      return;
    registers |= std::strcmp(name, "__cudaRegisterFatBinary") == 0;
    // Found in a library that this one needs, a name would be something else's.
    void *target = dlsym(library, name);
    Dl_info owner;
    if (target && dladdr(target, &owner) && owner.dli_fbase == self.dli_fbase)
      found.push_back({symbol.st_value, target});
  });
  return registers ? found : std::vector<Replacement>();
}

/// How far the program lies from where its file says.
uint64_t loadBias() {
  uint64_t bias = 0;
  // The program comes first.
  dl_iterate_phdr(
      [](dl_phdr_info *info, size_t, void *data) {
        *static_cast<uint64_t *>(data) = info->dlpi_addr;
        return 1;
      },
      &bias);
  return bias;
}

void replace(uint64_t address, const void *target) {
  uint64_t page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  uint64_t first = address / page * page, end = (address + sizeof(Jump) + page - 1) / page * page;
  if (mprotect(reinterpret_cast<void *>(first), end - first, PROT_READ | PROT_WRITE | PROT_EXEC) != 0)
    return;
  Jump jump;
  std::memcpy(jump.target, &target, sizeof(target));
  std::memcpy(reinterpret_cast<void *>(address), &jump, sizeof(jump));
  mprotect(reinterpret_cast<void *>(first), end - first, PROT_READ | PROT_EXEC);
}

__attribute__((constructor)) void replaceStaticRuntime() {
  mv::StatusOr<mv::MappedFile> program = mv::MappedFile::open("/proc/self/exe");
  if (!program.ok())
    return;
  uint64_t bias = loadBias();
  for (const Replacement &replacement : findReplacements(program->bytes()))
    replace(bias + replacement.address, replacement.target);
}

} // namespace

#endif
