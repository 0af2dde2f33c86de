//===- Link.cpp - One object file to a block of code at address 0 ---------------===//
//
// lld links the object as a shared library at address 0, text first and constants behind it.
// Position-independent x86-64 code addresses both relative to itself, so nothing is left to relocate; where
// something is, the dynamic relocation section is not empty and we refuse. The block is what lies between the
// first and the last of our sections; the rest of the file (dynamic section, symbol tables) is dropped.
//
//===----------------------------------------------------------------------===//

#include "mv/Kernels/CodeGen/MachineCode.h"

#include "TemporaryFile.h"

#include "lld/Common/Driver.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

LLD_HAS_DRIVER(elf)

using namespace mv;
using namespace mv::cpu;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;

static const char kScript[] = R"(
SECTIONS {
  . = 0;
  .text : { *(.text .text.*) }
  .rodata : ALIGN(64) { *(.rodata .rodata.*) *(.data.rel.ro .data.rel.ro.*) }
  /DISCARD/ : { *(.eh_frame*) *(.comment) *(.note*) }
}
)";

static Error runLinker(const char *object, const char *script, const char *output) {
  const char *arguments[] = {"ld.lld", "-shared", "-Bsymbolic", "--no-undefined", "-z",  "nognustack",
                             "-T",     script,    "-o",         output,           object};
  std::string messages;
  llvm::raw_string_ostream os(messages);
  lld::DriverDef drivers[] = {{lld::Gnu, &lld::elf::link}};
  lld::Result result = lld::lldMain(arguments, os, os, drivers);
  if (result.retCode != 0)
    return llvm::createStringError("lld failed: %s", messages.c_str());
  return Error::success();
}

/// Copies .text and .rodata to where they lie relative to address 0.
static Error copySections(const llvm::object::ELFObjectFileBase &file, MachineCode &code) {
  for (const llvm::object::SectionRef &section : file.sections()) {
    Expected<StringRef> name = section.getName();
    if (!name)
      return name.takeError();
    if (section.getSize() > 0 && name->starts_with(".rela"))
      return llvm::createStringError(
          "section %s holds relocations: the code for %s is not position-independent", name->str().c_str(),
          code.target.c_str());
    if (section.getSize() > 0 && (*name == ".data" || *name == ".bss" || *name == ".got"))
      return llvm::createStringError("the code for %s has a section %s", code.target.c_str(),
                                     name->str().c_str());
    if (*name != ".text" && *name != ".rodata")
      continue;
    Expected<StringRef> contents = section.getContents();
    if (!contents)
      return contents.takeError();
    uint64_t end = section.getAddress() + contents->size();
    code.bytes.resize(std::max<uint64_t>(code.bytes.size(), end));
    std::memcpy(code.bytes.data() + section.getAddress(), contents->data(), contents->size());
  }
  return Error::success();
}

Expected<MachineCode> cpu::linkObject(StringRef object, const Target &target) {
  Expected<TemporaryFile> input = TemporaryFile::create("o", object);
  Expected<TemporaryFile> script = TemporaryFile::create("lds", kScript);
  Expected<TemporaryFile> output = TemporaryFile::create("so", "");
  for (auto *file : {&input, &script, &output})
    if (!*file)
      return file->takeError();
  if (Error error = runLinker(input->path(), script->path(), output->path()))
    return std::move(error);

  auto buffer = llvm::MemoryBuffer::getFile(output->path());
  if (!buffer)
    return llvm::createStringError("cannot read what lld wrote: %s", buffer.getError().message().c_str());
  auto file = llvm::object::ObjectFile::createELFObjectFile((*buffer)->getMemBufferRef());
  if (!file)
    return file.takeError();
  MachineCode code;
  code.target = target.name.str();
  if (Error error = copySections(*llvm::cast<llvm::object::ELFObjectFileBase>(file->get()), code))
    return std::move(error);
  for (const llvm::object::SymbolRef &symbol : (*file)->symbols()) {
    Expected<llvm::object::SymbolRef::Type> type = symbol.getType();
    Expected<StringRef> name = symbol.getName();
    Expected<uint64_t> address = symbol.getAddress();
    if (!type || !name || !address)
      return llvm::createStringError("lld wrote a symbol table that cannot be read");
    if (*type == llvm::object::SymbolRef::ST_Function)
      code.functions[*name] = *address;
  }
  return code;
}
