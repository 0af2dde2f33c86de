//===- Progress.h - How far a long run has come ---------------------*- C++ -*-===//

#ifndef MV_TOOLS_RUN_PROGRESS_H
#define MV_TOOLS_RUN_PROGRESS_H

#include <chrono>
#include <cstddef>

namespace mv::run {

/// A line on standard error that is rewritten in place: only where that is a terminal, only once a run has
/// taken a second, and gone when the object is.
class Progress {
public:
  explicit Progress(size_t total);
  ~Progress();
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;

  void update(size_t done);
  /// Removes the line, so that other text can be written; the next update brings it back.
  void hide();

private:
  using Clock = std::chrono::steady_clock;

  size_t total_;
  bool isTerminal_;
  bool isShown_ = false;
  Clock::time_point start_ = Clock::now(), lastShown_ = start_;
};

} // namespace mv::run

#endif // MV_TOOLS_RUN_PROGRESS_H
