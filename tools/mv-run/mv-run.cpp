//===- mv-run.cpp - Runs a compiled model on pictures or tensors ----------------===//

#include "Run.h"

#include "mv/mv.hpp"

#include <cstdio>
#include <exception>
#include <new>

using namespace mv;

/// One line, and the exit code.
static int fail(StatusCode code, const std::string &message) {
  std::fflush(stdout);
  std::fprintf(stderr, "mv-run: error: %s\n", message.c_str());
  return static_cast<int>(code);
}

static int finish(const Status &status) {
  // Results that did not reach their reader (a full disk) are no success.
  if (std::fflush(stdout) != 0 || std::ferror(stdout))
    return fail(StatusCode::Unavailable, "cannot write to standard output");
  return status.ok() ? 0 : fail(status.code(), status.message());
}

int main(int argc, char **argv) {
  try {
    StatusOr<run::ParsedCommandLine> commandLine = run::parseCommandLine(argc, argv);
    if (!commandLine.ok())
      return finish(commandLine.status());
    if (commandLine->textOnly) {
      std::fputs(commandLine->textOnly->c_str(), stdout);
      return finish({});
    }
    return finish(run::runTool(commandLine->options));
  } catch (const Error &error) {
    return fail(static_cast<StatusCode>(error.code()), error.what());
  } catch (const std::bad_alloc &) {
    return fail(StatusCode::Unavailable, "out of memory; try a smaller --batch, or fewer inputs at once");
  } catch (const std::exception &error) {
    return fail(StatusCode::Internal, std::string("unexpected: ") + error.what());
  }
}
