//===- Report.cpp - What a run of a program comes to -----------------------------------===//

#include "Report.h"

#include "State.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cxxabi.h>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace mv::ptxsim::driver {
namespace {

bool isNameCharacter(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$'; }

std::string withoutLineEnd(std::string text) {
  text.erase(text.find_last_not_of('\n') + 1);
  return text;
}

/// C++ names as people write them, cut where templates make them long; those in the addresses of instructions
/// stay.
std::string readable(const std::string &text) {
  constexpr size_t longest = 100;
  std::string result;
  for (size_t at = 0; at < text.size();) {
    bool begins = text.compare(at, 2, "_Z") == 0 &&
                  (at == 0 || (!isNameCharacter(text[at - 1]) && text[at - 1] != '['));
    size_t end = at;
    while (end < text.size() && isNameCharacter(text[end]))
      ++end;
    if (!begins) {
      end = std::max(end, at + 1);
      result.append(text, at, end - at);
    } else {
      std::string name = text.substr(at, end - at);
      int status = 0;
      char *demangled = abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status);
      if (demangled)
        name = demangled;
      std::free(demangled);
      result += name.size() <= longest ? name : name.substr(0, longest) + "...";
    }
    at = end;
  }
  return result;
}

/// The counters of all devices that ran something: an object for one device, an array of them for several.
std::string countersText(Driver &driver) {
  std::vector<std::string> parts;
  for (DeviceSlot &slot : driver.devices)
    if (slot.engine && !slot.engine->counters().empty())
      parts.push_back(countersJson(slot.engine->counters(), *slot.profile));
  if (parts.size() == 1)
    return parts.front();
  std::string text = "[";
  for (size_t i = 0; i < parts.size(); ++i)
    text += (i ? ",\n" : "") + parts[i];
  return text + "]\n";
}

} // namespace

void Report::note(const std::string &message) {
  if (notes_[message]++ == 0)
    order_.push_back(message);
}

void Report::unsupported(const std::string &function) { ++unsupported_[function]; }

std::string Report::text(Driver &driver, bool exiting, uint64_t &findings) const {
  std::ostringstream out;
  findings = 0;
  for (DeviceSlot &slot : driver.devices) {
    if (!slot.engine)
      continue;
    std::vector<CheckReport> found = slot.engine->reports();
    if (exiting && driver.settings.options.checks.memory && !slot.failed)
      for (CheckReport &leak : slot.engine->leaks())
        found.push_back(std::move(leak));
    findings += found.size();
    for (const CheckReport &report : found)
      out << "cuda-sim: " << withoutLineEnd(toText(report)) << "\n";
    if (exiting && driver.settings.options.counters && !slot.engine->counters().empty())
      out << countersTable(slot.engine->counters(), *slot.profile);
  }
  for (const std::string &message : order_) {
    uint64_t count = notes_.at(message);
    out << "cuda-sim: " << message << (count > 1 ? " (" + std::to_string(count) + " times)" : "") << "\n";
  }
  for (const auto &[function, count] : unsupported_)
    out << "cuda-sim: " << function << " is not simulated and returned CUDA_ERROR_NOT_SUPPORTED (" << count
        << (count == 1 ? " call)\n" : " calls)\n");
  if (askedForPrivateTable_)
    out << "cuda-sim: the program contains NVIDIA's CUDA runtime, which works with NVIDIA's driver only: "
           "keep its "
           "symbols (do not strip it) and run it under cuda-sim, or link it with `nvcc -cudart shared`\n";
  if (findings)
    out << "cuda-sim: " << findings << (findings == 1 ? " finding\n" : " findings\n");
  return readable(out.str());
}

void Report::tell(Driver &driver, bool exiting) {
  uint64_t findings = 0;
  if (!driver.settings.report.empty()) {
    std::string told = text(driver, exiting, findings);
    if (!told.empty())
      std::ofstream(driver.settings.report + "/" + std::to_string(getpid()) + ".txt")
          << "findings " << findings << "\n"
          << told;
  } else if (exiting) {
    std::string told = text(driver, exiting, findings);
    std::fwrite(told.data(), 1, told.size(), stderr);
  }
  if (exiting && !driver.settings.counters.empty() && driver.initialized)
    std::ofstream(driver.settings.counters) << countersText(driver);
}

void Report::tellNews(Driver &driver) {
  if (driver.settings.report.empty() || !driver.settings.options.checks.any())
    return;
  uint64_t findings = 0;
  for (DeviceSlot &slot : driver.devices)
    findings += slot.engine ? slot.engine->reports().size() : 0;
  if (findings != told_)
    tell(driver, /*exiting=*/false);
  told_ = findings;
}

} // namespace mv::ptxsim::driver
