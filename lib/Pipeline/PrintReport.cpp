//===- PrintReport.cpp - A report as text, JSON and a page ----------------------===//

#include "ReportData.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace mv;
using namespace mv::report;

//===----------------------------------------------------------------------===//
// What is the same in all forms
//===----------------------------------------------------------------------===//

/// Instructions, or stalls, for each matrix instruction of a main loop; nothing where there is no such loop.
static std::optional<double> perMatrix(const Launch &launch, int64_t gpu::InstructionCounts::*count) {
  if (!launch.facts || !launch.facts->code || !launch.facts->code->hasMainLoop)
    return std::nullopt;
  const gpu::InstructionCounts &loop = launch.facts->code->mainLoop;
  return double(loop.*count) / double(loop.matrix);
}

/// Rounds in which the launch's blocks run: one that is not full takes as long as one that is.
static int64_t waves(const Launch &launch, const Entry &entry, int64_t batch) {
  return ceilDiv(launch.blocks(batch), launch.concurrentBlocks(entry.machine()));
}

static int64_t largestBatch(const Entry &entry) { return entry.batches().back(); }

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static void printLaunch(const Launch &launch, const Entry &entry, int64_t batch, raw_ostream &os) {
  os << "    batch " << batch << ", " << launch.function << ": " << launch.blocks(batch) << " blocks in "
     << waves(launch, entry, batch) << " waves, " << launch.threads << " threads, " << launch.shared
     << " bytes shared";
  if (launch.facts && launch.facts->registers)
    os << ", " << *launch.facts->registers << " registers, " << launch.facts->spillBytes << " bytes spilled, "
       << launch.residentBlocks(entry.machine()) << " blocks a multiprocessor";
  if (std::optional<double> instructions = perMatrix(launch, &gpu::InstructionCounts::all))
    os << llvm::format(", %.2f instructions and %.2f stalls a matrix instruction", *instructions,
                       *perMatrix(launch, &gpu::InstructionCounts::stalls));
  os << "\n";
}

static void printLaunches(const Row &row, const Entry &entry, raw_ostream &os) {
  for (int64_t batch : entry.batches())
    if (const Variant *variant = row.variant(batch))
      for (const Launch &launch : variant->launches)
        printLaunch(launch, entry, batch, os);
}

/// In memory, not in caches; nothing for CPUs.
static void printTraffic(const Entry &entry, StringRef separator, raw_ostream &os) {
  if (entry.device != "cuda")
    return;
  for (int64_t batch : entry.batches()) {
    Traffic traffic = entry.traffic(batch);
    os << llvm::format(
              "memory at batch %d: %.1f MB moved, %.1f MB at least (inputs, results and parameters once), "
              "ratio %.3f",
              int(batch), traffic.moved / 1e6, traffic.ideal / 1e6, traffic.ratio())
       << separator;
  }
}

static void printRow(const Row &row, const Entry &entry, ArrayRef<Bound> bounds, raw_ostream &os) {
  os << llvm::format("%-40s %-15s %10.2f %10.1f %10.1f", row.label.c_str(), row.family.c_str(),
                     double(row.flops) / 1e6, double(row.activations) / 1e3, double(row.parameters) / 1e3);
  for (const Bound &bound : bounds)
    os << llvm::format(" %9.2f", bound.seconds * 1e6);
  os << " " << bounds.back().unit << "\n";
}

void mv::report::printText(ArrayRef<Entry> entries, raw_ostream &os) {
  for (const Entry &entry : entries) {
    os << entry.name << " on " << entry.device << " in " << entry.dtype << ": " << entry.rows.size()
       << " kernels, arena " << entry.arena << " bytes an image (live " << entry.live
       << "); bounds in microseconds on " << entry.machine().name << "\n";
    os << llvm::format("%-40s %-15s %10s %10s %10s", "part", "family", "MFLOP", "KB act.", "KB par.");
    for (int64_t batch : entry.batches())
      os << llvm::format(" %9s", ("batch " + std::to_string(batch)).c_str());
    os << "\n";
    for (const Row &row : entry.rows) {
      printRow(
          row, entry,
          llvm::map_to_vector(entry.batches(),
                              [&](int64_t batch) { return row.bound(entry.machine(), entry.dtype, batch); }),
          os);
      printLaunches(row, entry, os);
    }
    printRow(entry.total(), entry,
             llvm::map_to_vector(entry.batches(),
                                 [&](int64_t batch) { return Bound{entry.boundSeconds(batch), ""}; }),
             os);
    printTraffic(entry, "\n", os);
  }
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

/// `batches`: those that the launch is for.
static llvm::json::Object toJSON(const Launch &launch, const Entry &entry, ArrayRef<int64_t> batches) {
  llvm::json::Object object{{"function", launch.function}, {"items", launch.items},
                            {"group", launch.group},       {"multiplier", launch.multiplier},
                            {"threads", launch.threads},   {"shared_bytes", launch.shared}};
  if (launch.facts && launch.facts->registers) {
    object["registers"] = *launch.facts->registers;
    object["spill_bytes"] = launch.facts->spillBytes;
    object["blocks_per_multiprocessor"] = launch.residentBlocks(entry.machine());
  }
  if (launch.facts && launch.facts->code)
    object["instructions"] = launch.facts->code->total.all;
  if (std::optional<double> instructions = perMatrix(launch, &gpu::InstructionCounts::all)) {
    object["instructions_per_matrix_instruction"] = *instructions;
    object["stalls_per_matrix_instruction"] = *perMatrix(launch, &gpu::InstructionCounts::stalls);
  }
  llvm::json::Array grids;
  for (int64_t batch : batches)
    grids.push_back(llvm::json::Object{
        {"batch", batch}, {"blocks", launch.blocks(batch)}, {"waves", waves(launch, entry, batch)}});
  object["grids"] = std::move(grids);
  return object;
}

static llvm::json::Array trafficToJSON(const Entry &entry, llvm::function_ref<Traffic(int64_t)> trafficAt) {
  llvm::json::Array all;
  for (int64_t batch : entry.batches()) {
    Traffic traffic = trafficAt(batch);
    all.push_back(llvm::json::Object{{"batch", batch},
                                     {"moved_bytes", traffic.moved},
                                     {"ideal_bytes", traffic.ideal},
                                     {"ratio", traffic.ratio()}});
  }
  return all;
}

static llvm::json::Object toJSON(const Row &row, const Entry &entry) {
  llvm::json::Object object{{"label", row.label},
                            {"kernel", row.kernel},
                            {"family", row.family},
                            {"flops", row.flops},
                            {"activation_bytes", row.activations},
                            {"parameter_bytes", row.parameters}};
  llvm::json::Array variants;
  for (const Variant &variant : row.variants) {
    llvm::json::Array all;
    std::vector<int64_t> batches = entry.batches();
    llvm::erase_if(batches, [&](int64_t each) { return row.variant(each) != &variant; });
    for (const Launch &launch : variant.launches)
      all.push_back(toJSON(launch, entry, batches));
    variants.push_back(llvm::json::Object{{"batch", variant.batch}, {"launches", std::move(all)}});
  }
  if (!variants.empty())
    object["variants"] = std::move(variants);
  return object;
}

static llvm::json::Array boundsToJSON(const Entry &entry, llvm::function_ref<Bound(int64_t)> boundAt) {
  llvm::json::Array bounds;
  for (int64_t batch : entry.batches()) {
    Bound bound = boundAt(batch);
    llvm::json::Object object{{"batch", batch}, {"us", bound.seconds * 1e6}};
    if (!bound.unit.empty())
      object["unit"] = bound.unit;
    bounds.push_back(std::move(object));
  }
  return bounds;
}

void mv::report::printJSON(ArrayRef<Entry> entries, raw_ostream &os) {
  llvm::json::Array all;
  for (const Entry &entry : entries) {
    const Machine &machine = entry.machine();
    llvm::json::Array rows;
    for (const Row &row : entry.rows) {
      llvm::json::Object object = toJSON(row, entry);
      object["bounds"] =
          boundsToJSON(entry, [&](int64_t batch) { return row.bound(machine, entry.dtype, batch); });
      if (entry.device == "cuda")
        object["memory"] = trafficToJSON(entry, [&](int64_t batch) { return row.traffic(machine, batch); });
      rows.push_back(std::move(object));
    }
    llvm::json::Object total = toJSON(entry.total(), entry);
    total["bounds"] =
        boundsToJSON(entry, [&](int64_t batch) { return Bound{entry.boundSeconds(batch), ""}; });
    if (entry.device == "cuda")
      total["memory"] = trafficToJSON(entry, [&](int64_t batch) { return entry.traffic(batch); });
    all.push_back(llvm::json::Object{
        {"entry", entry.name},
        {"device", entry.device},
        {"dtype", entry.dtype},
        {"bound_for", llvm::json::Object{{"machine", machine.name},
                                         {"flops_per_second", machine.flopsPerSecond(entry.dtype)},
                                         {"bytes_per_second", machine.bytesPerSecond}}},
        {"arena", entry.arena},
        {"live", entry.live},
        {"kernels", std::move(rows)},
        {"total", std::move(total)}});
  }
  os << llvm::formatv("{0:2}\n", llvm::json::Value(llvm::json::Object{{"entries", std::move(all)}}));
}

//===----------------------------------------------------------------------===//
// HTML
//===----------------------------------------------------------------------===//

static constexpr StringLiteral kStyle =
    "body{font:14px sans-serif;margin:2em}table{border-collapse:collapse}td,th{padding:2px "
    "10px;text-align:right}"
    "td:first-child,td:nth-child(2),th:first-child{text-align:left}.arithmetic{fill:#4878a8}.memory{fill:#"
    "c87838}"
    "text{font-size:11px}";

/// A bar for each kernel, as long as its bound; hovering names it.
static void printPlot(const Entry &entry, raw_ostream &os) {
  int64_t batch = largestBatch(entry);
  constexpr double kWidth = 760, kBar = 14;
  double longest = 1e-12;
  for (const Row &row : entry.rows)
    longest = std::max(longest, row.bound(entry.machine(), entry.dtype, batch).seconds);
  os << llvm::format("<svg width=\"%.0f\" height=\"%.0f\" role=\"img\">\n", kWidth + 320,
                     kBar * double(entry.rows.size()));
  for (auto [index, row] : llvm::enumerate(entry.rows)) {
    Bound bound = row.bound(entry.machine(), entry.dtype, batch);
    double y = kBar * double(index);
    os << llvm::format(
        "<text x=\"0\" y=\"%.0f\">%s</text><rect class=\"%s\" x=\"300\" y=\"%.0f\" width=\"%.1f\" "
        "height=\"%.0f\"><title>%s: %.2f us, set by %s</title></rect>\n",
        y + kBar - 3, row.label.c_str(), bound.unit.str().c_str(), y + 1, kWidth * bound.seconds / longest,
        kBar - 2, row.kernel.c_str(), bound.seconds * 1e6, bound.unit.str().c_str());
  }
  os << "</svg>\n";
}

static void printMachineCells(const Row &row, const Entry &entry, raw_ostream &os) {
  const Variant *large = row.variant(largestBatch(entry)), *small = row.variant(1);
  const Launch *first = large && !large->launches.empty() ? &large->launches.front() : nullptr;
  os << "<td>";
  if (small)
    for (const Launch &launch : small->launches)
      os << (&launch == &small->launches.front() ? "" : ", ") << launch.blocks(1) << " / "
         << waves(launch, entry, 1);
  if (!first || !first->facts || !first->facts->registers) {
    os << "<td><td><td><td><td>";
    return;
  }
  os << "<td>" << *first->facts->registers << "<td>" << first->shared << "<td>" << first->facts->spillBytes
     << "<td>" << first->residentBlocks(entry.machine()) << "<td>";
  if (std::optional<double> instructions = perMatrix(*first, &gpu::InstructionCounts::all))
    os << llvm::format("%.2f / %.2f", *instructions, *perMatrix(*first, &gpu::InstructionCounts::stalls));
}

static void printTable(const Entry &entry, raw_ostream &os) {
  bool isGPU = entry.device == "cuda";
  os << "<table><tr><th>part<th>family<th>MFLOP<th>activations, KB<th>parameters, KB";
  for (int64_t batch : entry.batches())
    os << "<th>bound at batch " << batch << ", us";
  os << (isGPU ? "<th>blocks / waves at batch 1<th>registers<th>shared<th>spilled<th>blocks a "
                 "multiprocessor<th>instructions / stalls a matrix instruction\n"
               : "\n");
  for (const Row &row : entry.rows) {
    os << "<tr><td>" << row.label << "<td>" << row.family
       << llvm::format("<td>%.2f<td>%.1f<td>%.1f", double(row.flops) / 1e6, double(row.activations) / 1e3,
                       double(row.parameters) / 1e3);
    for (int64_t batch : entry.batches()) {
      Bound bound = row.bound(entry.machine(), entry.dtype, batch);
      os << llvm::format("<td>%.2f %s", bound.seconds * 1e6, bound.unit.str().c_str());
    }
    if (isGPU)
      printMachineCells(row, entry, os);
    os << "\n";
  }
  os << "</table>\n";
}

void mv::report::printHTML(ArrayRef<Entry> entries, raw_ostream &os) {
  os << "<!doctype html><meta charset=\"utf-8\"><title>mv report</title><style>" << kStyle << "</style>\n";
  for (const Entry &entry : entries) {
    os << "<h1>" << entry.name << " on " << entry.device << " in " << entry.dtype << "</h1><p>"
       << entry.rows.size() << " kernels, arena " << entry.arena << " bytes an image, largest live set "
       << entry.live << ". Bounds: the slower of arithmetic and memory on " << entry.machine().name
       << "; their sum is";
    for (int64_t batch : entry.batches())
      os << llvm::format(" %.1f us at batch %d", entry.boundSeconds(batch) * 1e6, int(batch));
    os << ". Bars: bounds at batch " << largestBatch(entry)
       << ", blue where arithmetic sets them, orange where memory does.\n<p>";
    printTraffic(entry, "<br>\n", os);
    printPlot(entry, os);
    printTable(entry, os);
  }
}
