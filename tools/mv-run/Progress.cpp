//===- Progress.cpp - How far a long run has come -------------------------------===//

#include "Progress.h"

#include <cstdio>
#include <unistd.h>

using namespace mv::run;

Progress::Progress(size_t total) : total_(total), isTerminal_(isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() { hide(); }

void Progress::update(size_t done) {
  using Seconds = std::chrono::duration<double>;
  Clock::time_point now = Clock::now();
  double elapsed = Seconds(now - start_).count();
  if (!isTerminal_ || done == 0 || elapsed < 1 || Seconds(now - lastShown_).count() < 0.1)
    return;
  double rate = static_cast<double>(done) / elapsed;
  std::fprintf(stderr, "\r%zu of %zu images, %.1f images/s, %.0f s left\033[K", done, total_, rate,
               static_cast<double>(total_ - done) / rate);
  isShown_ = true;
  lastShown_ = now;
}

void Progress::hide() {
  if (isShown_)
    std::fputs("\r\033[K", stderr);
  isShown_ = false;
}
