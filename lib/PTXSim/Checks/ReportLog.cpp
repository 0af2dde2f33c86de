//===- ReportLog.cpp - Findings, once each, and as text -------------*- C++ -*-===//

#include "PTXSim/Checks/ReportLog.h"

namespace mv::ptxsim {

bool ReportLog::isNew(const ReportKey &key) {
  std::lock_guard guard(lock_);
  auto found = index_.find(key);
  if (found == index_.end())
    return reports_.size() < limit_;
  ++reports_[found->second].count;
  return false;
}

void ReportLog::add(const ReportKey &key, CheckReport report) {
  std::lock_guard guard(lock_);
  auto [entry, isNew] = index_.try_emplace(key, reports_.size());
  if (isNew)
    reports_.push_back(std::move(report));
  else
    ++reports_[entry->second].count;
}

std::vector<CheckReport> ReportLog::all() const {
  std::lock_guard guard(lock_);
  return reports_;
}

void ReportLog::clear() {
  std::lock_guard guard(lock_);
  index_.clear();
  reports_.clear();
}

bool parseChecks(std::string_view text, Checks &checks, std::string &unknown) {
  checks = {};
  while (!text.empty()) {
    size_t comma = text.find(',');
    std::string_view word = text.substr(0, comma);
    text = comma == std::string_view::npos ? "" : text.substr(comma + 1);
    if (word == "all")
      checks.memory = checks.init = checks.race = checks.sync = true;
    else if (word == "memory")
      checks.memory = true;
    else if (word == "init")
      checks.init = true;
    else if (word == "race")
      checks.race = true;
    else if (word == "sync")
      checks.sync = true;
    else if (word == "phases")
      checks.phases = true;
    else if (word == "sectors")
      checks.sectors = true;
    else if (word != "none" && !word.empty()) {
      unknown = word;
      return false;
    }
  }
  return true;
}

std::string_view checkKindName(CheckKind kind) {
  switch (kind) {
  case CheckKind::OutOfBounds:
    return "out-of-bounds access";
  case CheckKind::Misaligned:
    return "misaligned access";
  case CheckKind::UseAfterFree:
    return "use after free";
  case CheckKind::Leak:
    return "leak";
  case CheckKind::UninitializedRead:
    return "uninitialised read";
  case CheckKind::Race:
    return "data race";
  case CheckKind::AsyncNotWaited:
    return "asynchronous copy not waited for";
  case CheckKind::DivergentBarrier:
    return "divergent barrier";
  case CheckKind::MissingLanes:
    return "collective with missing lanes";
  case CheckKind::BarrierDeadlock:
    return "barrier that never completes";
  case CheckKind::BankConflicts:
    return "bank conflicts";
  case CheckKind::WastedSectors:
    return "wasted sectors";
  }
  return "";
}

std::string_view checkName(CheckKind kind) {
  switch (kind) {
  case CheckKind::OutOfBounds:
  case CheckKind::Misaligned:
  case CheckKind::UseAfterFree:
  case CheckKind::Leak:
    return "memory";
  case CheckKind::UninitializedRead:
    return "init";
  case CheckKind::Race:
  case CheckKind::AsyncNotWaited:
    return "race";
  case CheckKind::BankConflicts:
    return "phases";
  case CheckKind::WastedSectors:
    return "sectors";
  default:
    return "sync";
  }
}

static std::string siteText(const AccessSite &site, bool isSum) {
  auto triple = [](const std::array<uint32_t, 3> &v) {
    return "(" + std::to_string(v[0]) + "," + std::to_string(v[1]) + "," + std::to_string(v[2]) + ")";
  };
  std::string text = "line " + std::to_string(site.line);
  if (!site.source.empty())
    text += " (" + site.source + ")";
  if (isSum)
    return text + ": " + site.instruction;
  return text + ", block " + triple(site.block) + ", thread " + triple(site.thread) + ": " + site.instruction;
}

std::string toText(const CheckReport &report) {
  std::string text = std::string(checkName(report.kind)) + ": " + std::string(checkKindName(report.kind));
  if (!report.kernel.empty())
    text += " in " + report.kernel + (report.module.empty() ? "" : " (" + report.module + ")");
  text +=
      ": " + report.message + (report.count > 1 ? ", " + std::to_string(report.count) + " times" : "") + "\n";
  if (!report.kernel.empty())
    text += "    at " + siteText(report.site, report.isSum) + "\n";
  if (report.hasOther)
    text += "    and " + siteText(report.other, report.isSum) + "\n";
  return text;
}

} // namespace mv::ptxsim
