//===- Report.cpp - Work and bytes of every kernel ------------------------------===//

#include "mv/Pipeline/Report.h"

#include "KernelWork.h"

#include "mv/IR/PlanDialect.h"
#include "mv/Support/MappedFile.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace mv;

namespace {

/// The machine the lower bounds are for: two cores at 118 GFLOP/s of f32 FMA and 20 GB/s of memory together,
/// as a small cloud machine has (measured with benchmarks/peak).
constexpr double kFlopsPerSecond = 236e9;
constexpr double kBytesPerSecond = 20e9;

struct Row {
  std::string label, kernel, family;
  int64_t flops = 0, activations = 0, parameters = 0;

  /// Seconds for one image: the slower of arithmetic and memory.
  double bound() const {
    return std::max(double(flops) / kFlopsPerSecond, double(parameters) / kBytesPerSecond);
  }
};

struct EntryReport {
  std::string name;
  int64_t arena = 0, live = 0;
  std::vector<Row> rows;
  Row total;
};

} // namespace

static Row describe(plan::DispatchOp dispatch, plan::KernelOp kernel) {
  Row row{dispatch.getLabel().str(), kernel.getSymName().str(), kernel.getFamily().str()};
  row.flops = getFlopsPerImage(kernel);
  auto count = [&](ValueRange buffers) {
    for (Value buffer : buffers) {
      auto type = cast<plan::BufferType>(buffer.getType());
      (buffer.getDefiningOp<plan::ConstantOp>() ? row.parameters : row.activations) += type.getByteSize();
    }
  };
  count(dispatch.getInputs());
  count(dispatch.getResults());
  return row;
}

static EntryReport describe(plan::EntryOp entry, SymbolTable &symbols) {
  EntryReport report;
  report.name = entry.getSymName().str();
  report.arena = entry.getArena();
  report.live = entry.getLive();
  for (auto dispatch : entry.getOps<plan::DispatchOp>()) {
    Row row = describe(dispatch, symbols.lookup<plan::KernelOp>(dispatch.getKernel()));
    report.total.flops += row.flops;
    report.total.activations += row.activations;
    report.total.parameters += row.parameters;
    report.rows.push_back(std::move(row));
  }
  return report;
}

static void printText(ArrayRef<EntryReport> entries, raw_ostream &os) {
  for (const EntryReport &entry : entries) {
    os << entry.name << ": " << entry.rows.size() << " kernels, arena " << entry.arena
       << " bytes an image (live " << entry.live << ")\n";
    os << llvm::format("%-40s %-15s %10s %10s %10s %9s\n", "part", "family", "MFLOP", "KB act.", "KB par.",
                       "bound us");
    auto line = [&](const std::string &label, const Row &row) {
      os << llvm::format("%-40s %-15s %10.2f %10.1f %10.1f %9.1f\n", label.c_str(), row.family.c_str(),
                         double(row.flops) / 1e6, double(row.activations) / 1e3, double(row.parameters) / 1e3,
                         row.bound() * 1e6);
    };
    for (const Row &row : entry.rows)
      line(row.label, row);
    line("sum", entry.total);
  }
}

static llvm::json::Value toJSON(ArrayRef<EntryReport> entries) {
  auto object = [](const Row &row) {
    return llvm::json::Object{{"label", row.label},
                              {"kernel", row.kernel},
                              {"family", row.family},
                              {"flops", row.flops},
                              {"activation_bytes", row.activations},
                              {"parameter_bytes", row.parameters},
                              {"bound_us", row.bound() * 1e6}};
  };
  llvm::json::Array all;
  for (const EntryReport &entry : entries) {
    llvm::json::Array rows;
    for (const Row &row : entry.rows)
      rows.push_back(object(row));
    all.push_back(llvm::json::Object{{"entry", entry.name},
                                     {"arena", entry.arena},
                                     {"live", entry.live},
                                     {"kernels", std::move(rows)},
                                     {"total", object(entry.total)}});
  }
  return llvm::json::Object{{"bound_for", llvm::json::Object{{"flops_per_second", kFlopsPerSecond},
                                                             {"bytes_per_second", kBytesPerSecond}}},
                            {"entries", std::move(all)}};
}

/// One bar for each kernel, as long as its share of the largest bound.
static void printHTML(ArrayRef<EntryReport> entries, raw_ostream &os) {
  os << "<!doctype html><meta charset=\"utf-8\"><title>mv report</title><style>body{font:14px "
        "sans-serif;margin:2em}"
        "table{border-collapse:collapse}td,th{padding:2px "
        "10px;text-align:right}td:first-child,td:nth-child(2),"
        "th:first-child{text-align:left}.bar{background:#4878a8;height:12px}</style>\n";
  for (const EntryReport &entry : entries) {
    double longest = 1e-12;
    for (const Row &row : entry.rows)
      longest = std::max(longest, row.bound());
    os << "<h1>" << entry.name << "</h1><p>" << entry.rows.size() << " kernels, arena " << entry.arena
       << " bytes an image, largest live set " << entry.live
       << ". Bounds: the slower of arithmetic and parameter traffic, for one image.</p>\n"
       << "<table><tr><th>part<th>family<th>MFLOP<th>activations, KB<th>parameters, KB<th>bound, us<th>\n";
    for (const Row &row : entry.rows)
      os << "<tr><td>" << row.label << "<td>" << row.family
         << llvm::format(
                "<td>%.2f<td>%.1f<td>%.1f<td>%.1f<td><div class=\"bar\" style=\"width:%.0fpx\"></div>\n",
                double(row.flops) / 1e6, double(row.activations) / 1e3, double(row.parameters) / 1e3,
                row.bound() * 1e6, 300 * row.bound() / longest);
    os << "</table>\n";
  }
}

Status mv::writeReport(ModuleOp module, const std::string &path) {
  SymbolTable symbols(module);
  std::vector<EntryReport> entries;
  for (auto entry : module.getOps<plan::EntryOp>())
    entries.push_back(describe(entry, symbols));
  if (path.empty()) {
    printText(entries, llvm::errs());
    return {};
  }
  std::string text;
  llvm::raw_string_ostream os(text);
  StringRef extension = llvm::sys::path::extension(path);
  if (extension == ".json")
    os << llvm::formatv("{0:2}\n", toJSON(entries));
  else if (extension == ".html")
    printHTML(entries, os);
  else
    printText(entries, os);
  MV_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::create(path));
  MV_RETURN_IF_ERROR(file.write(text));
  return file.commit();
}
