//===- ReportLog.h - Findings, once each ----------------------------*- C++ -*-===//

#ifndef MV_LIB_PTXSIM_CHECKS_REPORTLOG_H
#define MV_LIB_PTXSIM_CHECKS_REPORTLOG_H

#include "mv/PTXSim/CheckReport.h"

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

namespace mv::ptxsim {

/// Identity of a finding: kernel, kind, and the one or two instructions.
using ReportKey = std::tuple<std::string, CheckKind, uint32_t, uint32_t>;

class ReportLog {
public:
  explicit ReportLog(unsigned limit) : limit_(limit) {}

  /// True when the finding is new and should be added; counts it otherwise.
  bool isNew(const ReportKey &key);
  void add(const ReportKey &key, CheckReport report);
  std::vector<CheckReport> all() const;
  void clear();

private:
  mutable std::mutex lock_;
  unsigned limit_;
  std::map<ReportKey, size_t> index_;
  std::vector<CheckReport> reports_;
};

} // namespace mv::ptxsim

#endif // MV_LIB_PTXSIM_CHECKS_REPORTLOG_H
