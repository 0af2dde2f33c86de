//===- LibraryTest.cpp - What libmv.so shows and needs --------------------------===//

#include <elf.h>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <span>
#include <string>
#include <vector>

namespace {

/// The parts of an ELF file that dynamic linking uses.
class Library {
public:
  explicit Library(const char *path) {
    std::ifstream stream(path, std::ios::binary);
    content_.assign(std::istreambuf_iterator<char>(stream), {});
    for (const Elf64_Shdr &section : sections()) {
      if (section.sh_type == SHT_DYNSYM)
        readSymbols(section);
      if (section.sh_type == SHT_DYNAMIC)
        readNeeded(section);
    }
  }

  std::vector<std::string> defined, needed;

private:
  template <typename T> std::span<const T> array(uint64_t offset, uint64_t bytes) const {
    return {reinterpret_cast<const T *>(content_.data() + offset), bytes / sizeof(T)};
  }
  std::span<const Elf64_Shdr> sections() const {
    const auto &header = array<Elf64_Ehdr>(0, sizeof(Elf64_Ehdr))[0];
    return array<Elf64_Shdr>(header.e_shoff, header.e_shnum * sizeof(Elf64_Shdr));
  }
  const char *text(const Elf64_Shdr &section, uint64_t offset) const {
    return content_.data() + sections()[section.sh_link].sh_offset + offset;
  }
  void readSymbols(const Elf64_Shdr &section) {
    for (const Elf64_Sym &symbol : array<Elf64_Sym>(section.sh_offset, section.sh_size))
      if (symbol.st_shndx != SHN_UNDEF && ELF64_ST_BIND(symbol.st_info) != STB_LOCAL)
        defined.emplace_back(text(section, symbol.st_name));
  }
  void readNeeded(const Elf64_Shdr &section) {
    for (const Elf64_Dyn &entry : array<Elf64_Dyn>(section.sh_offset, section.sh_size))
      if (entry.d_tag == DT_NEEDED)
        needed.emplace_back(text(section, entry.d_un.d_val));
  }

  std::string content_;
};

} // namespace

// The C API and nothing else: what is not visible can change.
TEST(LibraryTest, ShowsOnlyTheCAPI) {
  const Library library(MV_TEST_LIBRARY);
  EXPECT_GE(library.defined.size(), 29u);
  for (const std::string &name : library.defined)
    EXPECT_TRUE(name.starts_with("mv_")) << name;
}

TEST(LibraryTest, NeedsNoCompiler) {
  const Library library(MV_TEST_LIBRARY);
  EXPECT_FALSE(library.needed.empty());
  for (const std::string &name : library.needed)
    EXPECT_TRUE(name.find("LLVM") == std::string::npos && name.find("MLIR") == std::string::npos) << name;
}
