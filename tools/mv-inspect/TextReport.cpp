//===- TextReport.cpp - A package for people ------------------------------------===//

#include "Inspect.h"

#include "mv/Support/Text.h"

#include <algorithm>
#include <cstdio>

using namespace mv;
using namespace mv::inspect;

namespace {

/// Columns as wide as what is in them: the first `textColumns` to the left, numbers after them to the right.
class Table {
public:
  Table(size_t textColumns, std::vector<std::string> header) : textColumns_(textColumns) {
    rows_.push_back(std::move(header));
  }

  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

  std::string text() const {
    std::vector<size_t> widths(rows_.front().size());
    for (const std::vector<std::string> &row : rows_)
      for (size_t column = 0; column < row.size(); ++column)
        widths[column] = std::max(widths[column], row[column].size());
    std::string text;
    for (const std::vector<std::string> &row : rows_) {
      std::string line = " ";
      for (size_t column = 0; column < row.size(); ++column) {
        const std::string space(widths[column] - row[column].size(), ' ');
        line += " " + (column < textColumns_ ? row[column] + space : space + row[column]) + " ";
      }
      text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return text;
  }

private:
  size_t textColumns_;
  std::vector<std::vector<std::string>> rows_;
};

} // namespace

/// A text of the file's as it may be shown on a terminal.
static std::string shown(std::string_view text, size_t limit = 120) {
  const std::string quoted = quote(text, limit);
  return quoted.substr(1, quoted.size() - 2);
}

/// "130.2 MB"; three or four digits.
static std::string scaled(uint64_t value, const char *unit) {
  constexpr const char *kPrefixes[] = {"", "k", "M", "G", "T"};
  auto number = static_cast<double>(value);
  size_t prefix = 0;
  while (number >= 1000 && prefix + 1 < std::size(kPrefixes)) {
    number /= 1000;
    ++prefix;
  }
  char text[64];
  std::snprintf(text, sizeof(text), "%.*f %s%s", prefix == 0 || number >= 100 ? 0 : 1, number,
                kPrefixes[prefix], unit);
  return text;
}

static std::string bytesText(uint64_t bytes) { return scaled(bytes, "B"); }

static std::string sizesText(const std::vector<uint32_t> &sizes) {
  std::string text;
  for (const uint32_t size : sizes)
    text += (text.empty() ? "" : "x") + std::to_string(size);
  return text.empty() ? "scalar" : text;
}

static std::string numbersText(const float *values, uint32_t count) {
  std::string text;
  for (uint32_t index = 0; index < count; ++index) {
    char number[32];
    std::snprintf(number, sizeof(number), "%s%g", index ? " " : "", static_cast<double>(values[index]));
    text += number;
  }
  return text;
}

static std::string generalText(const Package &package, const std::string &path) {
  const mv_package_info info = package.info();
  const mv_preprocessing_info preprocessing = package.preprocessing();
  std::string text = shown(path, 4096) + "\n";
  auto add = [&](const char *name, const std::string &value) {
    char line[32];
    std::snprintf(line, sizeof(line), "  %-15s", name);
    text += line + (value.empty() ? "none" : value) + "\n";
  };
  add("format", std::to_string(info.format_version) + ", written by " + shown(info.producer));
  add("source", shown(info.source, 4096));
  add("licence", shown(info.licence, 4096));
  add("size", bytesText(info.file_bytes) + ": parameters " + bytesText(info.parameter_bytes) + ", code " +
                  bytesText(info.code_bytes));
  add("plan checksum", hashText(info.plan_hash));
  const std::vector<std::string> labels = package.labels();
  std::string some;
  for (size_t index = 0; index < std::min<size_t>(labels.size(), 5); ++index)
    some += (index ? ", " : "") + shown(labels[index], 40);
  if (!labels.empty())
    add("labels", std::to_string(labels.size()) + ": " + some + (labels.size() > 5 ? ", ..." : ""));
  if (preprocessing.channels == 0) {
    add("preprocessing", "");
    return text;
  }
  add("preprocessing", shown(preprocessing.interpolation) + ", " + shown(preprocessing.crop_mode) +
                           " crop of " + std::to_string(preprocessing.crop_pct).substr(0, 5));
  add("mean", numbersText(preprocessing.mean, preprocessing.channels));
  add("deviation", numbersText(preprocessing.deviation, preprocessing.channels));
  return text;
}

static std::string targetsText(const Package &package) {
  Table table(3, {"target", "checksum", "this machine", "code"});
  for (uint32_t index = 0; index < package.info().target_count; ++index) {
    const mv_target_info info = package.target(index);
    const bool isMachine = std::string_view(info.kind) == "machine";
    table.add({shown(info.name) + (isMachine ? "" : " " + std::string(info.kind)), hashText(info.code_hash),
               !isMachine       ? "for GPUs"
               : info.supported ? "runs it"
                                : "cannot run it",
               bytesText(info.code_bytes)});
  }
  return "\nTargets\n" + table.text();
}

static std::string entriesText(const Package &package) {
  Table table(5, {"name", "input", "outputs", "device", "dtype", "dispatches", "arena/image"});
  for (uint32_t index = 0; index < package.info().entry_count; ++index) {
    const mv_entry_info info = package.entry(index);
    std::string outputs;
    for (uint32_t position = 0; position < info.output_count; ++position) {
      const mv_output_info output = package.output(index, position);
      outputs += (position ? ", " : "") + shown(output.name) + " " +
                 sizesText(std::vector<uint32_t>(output.shape, output.shape + output.rank));
    }
    for (uint32_t position = 0; position < info.program_count; ++position) {
      const mv_program_info program = package.program(index, position);
      table.add({shown(info.name), (takesPictures(info) ? "u8 " : "") + sizesText(inputSizes(info)), outputs,
                 shown(program.device), shown(program.dtype), std::to_string(program.dispatch_count),
                 bytesText(program.arena_bytes)});
    }
  }
  return "\nEntry points\n" + table.text();
}

/// Each target's number of phases, and its scratch memory; for GPUs the launches.
static std::string implementationsText(const Package &package, uint32_t kernel, uint32_t count,
                                       uint32_t gpuCount) {
  std::string text;
  for (uint32_t index = 0; index < count; ++index) {
    const mv_implementation_info info = package.implementation(kernel, index);
    text += (index ? ", " : "") + shown(package.target(info.target).name) + ": " +
            std::to_string(info.phase_count);
    if (info.scratch_bytes > 0)
      text += " (" + bytesText(info.scratch_bytes) + ")";
  }
  for (uint32_t index = 0; index < gpuCount; ++index) {
    const mv_gpu_implementation_info info = package.gpuImplementation(kernel, index);
    text += (text.empty() ? "" : ", ") + shown(info.target) + ": " + std::to_string(info.launch_count);
  }
  return text;
}

static std::string kernelsText(const Package &package) {
  Table table(3, {"name", "family", "phases (scratch)", "runs", "flops/image", "read/image", "written/image",
                  "parameters"});
  const uint32_t count = package.info().kernel_count;
  for (uint32_t index = 0; index < count; ++index) {
    const mv_kernel_info info = package.kernel(index);
    table.add({shown(info.name), shown(info.family),
               implementationsText(package, index, info.implementation_count, info.gpu_implementation_count),
               std::to_string(info.dispatch_count), scaled(info.flops, ""), bytesText(info.bytes_read),
               bytesText(info.bytes_written), bytesText(info.bytes_parameters)});
  }
  return "\nKernels: " + std::to_string(count) + "\n" + table.text();
}

static std::string parametersText(const Package &package) {
  Table table(3, {"name", "type", "checksum", "size"});
  const uint32_t count = package.info().parameter_count;
  for (uint32_t index = 0; index < count; ++index) {
    const mv_parameter_info info = package.parameter(index);
    table.add({shown(info.name), shown(info.type), hashText(info.hash), bytesText(info.bytes)});
  }
  return "\nParameters: " + std::to_string(count) + "\n" + table.text();
}

std::string mv::inspect::textReport(const Package &package, const std::string &path) {
  return generalText(package, path) + targetsText(package) + entriesText(package) + kernelsText(package) +
         parametersText(package);
}
