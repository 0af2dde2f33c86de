//===- Child.cpp - Running a program on the simulator ---------------------------------===//

#include "Child.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sys/wait.h>
#include <unistd.h>

namespace mv::cudasim {
namespace {

/// Puts `value` before what the variable holds.
void prepend(const char *name, const std::string &value, char separator) {
  const char *old = std::getenv(name);
  setenv(name, (old && *old ? value + separator + old : value).c_str(), 1);
}

} // namespace

StatusOr<std::string> libraryFolder() {
  std::error_code error;
  std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  std::filesystem::path folder = program.parent_path().parent_path() / "lib" / "cuda-sim";
  if (!error && std::filesystem::exists(folder / "libcuda.so.1"))
    return folder.string();
  return Status::unavailable("libcuda.so.1: expected it in " + folder.string() +
                             ", found none; build the target mv-libcuda");
}

StatusOr<int> runChild(const std::vector<std::string> &command, const std::string &folder) {
  std::vector<char *> arguments;
  for (const std::string &word : command)
    arguments.push_back(const_cast<char *>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t child = fork();
  if (child == -1)
    return Status::unavailable(std::string("cannot start a process: ") + std::strerror(errno));
  if (child == 0) {
    prepend("LD_LIBRARY_PATH", folder, ':');
    // A program with a run path of its own finds its libraries there first; what is preloaded comes before.
    for (const auto &entry : std::filesystem::directory_iterator(folder))
      prepend("LD_PRELOAD", entry.path().string(), ':');
    execvp(arguments[0], arguments.data());
    _exit(errno == ENOENT ? 127 : 126);
  }
  int status = 0;
  while (waitpid(child, &status, 0) == -1 && errno == EINTR) {
  }
  if (WIFSIGNALED(status))
    return 128 + WTERMSIG(status);
  int code = WEXITSTATUS(status);
  if (code == 127)
    return Status::invalidInput("'" + command.front() + "': expected a program, found none of that name");
  return code;
}

} // namespace mv::cudasim
