//===- Report.h - What a run of a program comes to ------------------*- C++ -*-===//
//
// A driver can only return codes. What stands behind them (the check's findings, the messages
// of failed launches and loads, the calls that are not supported) is collected here and told
// when the process ends: on standard error, or in a file for cuda-sim to read, whose first line
// is `findings N`.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_PTXSIM_DRIVER_REPORT_H
#define MV_LIB_PTXSIM_DRIVER_REPORT_H

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace mv::ptxsim::driver {

class Driver;

class Report {
public:
  /// A failure's message; the same one is kept once, with a count.
  void note(const std::string &message);
  void unsupported(const std::string &function);
  /// The program asked for a private table of the driver's, as NVIDIA's CUDA runtime does.
  void privateTable() { askedForPrivateTable_ = true; }

  /// Tells everything so far: to the file if there is one (overwriting what it told before), else at
  /// `exiting` only.
  void tell(Driver &driver, bool exiting);

  /// Tells when a launch has found something new and there is a file for it: a program that aborts tells
  /// nothing at exit.
  void tellNews(Driver &driver);

private:
  std::string text(Driver &driver, bool exiting, uint64_t &findings) const;

  uint64_t told_ = 0; ///< Findings when tellNews last looked.
  bool askedForPrivateTable_ = false;
  std::vector<std::string> order_;
  std::map<std::string, uint64_t> notes_, unsupported_;
};

} // namespace mv::ptxsim::driver

#endif // MV_LIB_PTXSIM_DRIVER_REPORT_H
