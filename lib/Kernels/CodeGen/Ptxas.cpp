//===- Ptxas.cpp - NVIDIA's assembler, where there is one -----------------------===//

#include "TemporaryFile.h"
#include "mv/Kernels/CodeGen/PTX.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

#include <cstdlib>

using namespace mv;
using namespace mv::gpu;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;

//===----------------------------------------------------------------------===//
// Finding tools
//===----------------------------------------------------------------------===//

static std::string findIn(StringRef folder, StringRef tool) {
  llvm::SmallString<128> path(folder);
  llvm::sys::path::append(path, tool);
  return llvm::sys::fs::can_execute(path) ? std::string(path) : std::string();
}

Expected<std::string> mv::gpu::findPtxas(StringRef requested) {
  if (!requested.empty()) {
    if (llvm::sys::fs::can_execute(requested))
      return requested.str();
    return llvm::createStringError("%s: no program, expected NVIDIA's ptxas", requested.str().c_str());
  }
  for (const char *variable : {"CUDA_HOME", "CUDA_PATH"})
    if (const char *root = std::getenv(variable))
      if (std::string found = findIn(std::string(root) + "/bin", "ptxas"); !found.empty())
        return found;
  if (llvm::ErrorOr<std::string> found = llvm::sys::findProgramByName("ptxas"))
    return *found;
  return findIn("/usr/local/cuda/bin", "ptxas");
}

//===----------------------------------------------------------------------===//
// Running them
//===----------------------------------------------------------------------===//

static Expected<std::string> readFile(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return llvm::createStringError("cannot read %s: %s", path.str().c_str(),
                                   buffer.getError().message().c_str());
  return (*buffer)->getBuffer().str();
}

/// Runs a program and returns what it printed.
static Expected<std::string> run(const std::string &program, llvm::ArrayRef<StringRef> arguments) {
  Expected<TemporaryFile> output = TemporaryFile::create("txt", "");
  if (!output)
    return output.takeError();
  llvm::SmallVector<StringRef> all{program};
  llvm::append_range(all, arguments);
  std::optional<StringRef> redirects[] = {StringRef(), StringRef(output->path()), StringRef(output->path())};
  std::string message;
  int code = llvm::sys::ExecuteAndWait(program, all, std::nullopt, redirects, 0, 0, &message);
  Expected<std::string> printed = readFile(output->path());
  if (!printed || code == 0)
    return printed;
  return llvm::createStringError("%s failed (%d): %s%s", program.c_str(), code, message.c_str(),
                                 printed->c_str());
}

Expected<Assembly> mv::gpu::assemble(const std::string &ptxas, StringRef ptx, const Target &target) {
  Expected<TemporaryFile> input = TemporaryFile::create("ptx", ptx);
  Expected<TemporaryFile> output = TemporaryFile::create("cubin", "");
  for (auto *file : {&input, &output})
    if (!*file)
      return file->takeError();
  std::string architecture = "-arch=" + target.name.str();
  Expected<std::string> info = run(ptxas, {"-v", "-O3", architecture, input->path(), "-o", output->path()});
  if (!info)
    return info.takeError();
  if (StringRef(*info).contains("C75"))
    return llvm::createStringError("%s serialises matrix instructions: %s", ptxas.c_str(), info->c_str());
  Expected<std::string> cubin = readFile(output->path());
  if (!cubin)
    return cubin.takeError();
  return Assembly{std::move(*cubin), std::move(*info)};
}

Expected<std::string> mv::gpu::disassemble(const std::string &ptxas, StringRef cubin) {
  std::string tool = findIn(llvm::sys::path::parent_path(ptxas), "cuobjdump");
  if (tool.empty()) {
    llvm::ErrorOr<std::string> found = llvm::sys::findProgramByName("cuobjdump");
    if (!found)
      return std::string();
    tool = *found;
  }
  Expected<TemporaryFile> input = TemporaryFile::create("cubin", cubin);
  if (!input)
    return input.takeError();
  return run(tool, {"-sass", input->path()});
}
