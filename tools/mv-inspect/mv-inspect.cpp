//===- mv-inspect.cpp - Says what is in a package -------------------------------===//

#include "Inspect.h"

#include <cstdio>

int main(int argc, char **argv) {
  const mv::inspect::Result result = mv::inspect::inspect(argc, argv);
  // Output that did not reach its reader (a full disk) is no success.
  if (std::fputs(result.output.c_str(), stdout) == EOF || std::fflush(stdout) != 0) {
    std::fputs("mv-inspect: error: cannot write to standard output\n", stderr);
    return MV_UNAVAILABLE;
  }
  if (!result.error.empty())
    std::fprintf(stderr, "mv-inspect: error: %s\n", result.error.c_str());
  return result.exitCode;
}
