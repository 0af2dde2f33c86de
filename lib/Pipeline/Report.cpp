//===- Report.cpp - Work and bytes of every kernel ------------------------------===//

#include "mv/Pipeline/Report.h"

#include "KernelWork.h"
#include "ReportData.h"

#include "mv/Support/MappedFile.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace mv;
using namespace mv::report;

//===----------------------------------------------------------------------===//
// Machines
//===----------------------------------------------------------------------===//

/// Two cores at 118 GFLOP/s of f32 FMA and 20 GB/s of memory together, as a small cloud machine has (measured with
/// benchmarks/peak).
static constexpr double kCPUFlopsPerSecond = 236e9;
static const Machine kCPU = {"2 CPU cores", 1, 20e9};

/// An H200: 132 multiprocessors, 790 TFLOP/s of f16 and 4.3 TB/s as measured on one; mma.sync reaches 65% of its matrix units.
/// A tf32 product costs twice a f16 one, and a f32 product is three of tf32.
static constexpr double kGPUFlopsPerSecond = 0.65 * 790e12;
static const Machine kGPU = {"NVIDIA H200", 132, 4.3e12, 50 << 20, 65536, 228 * 1024, 2048};

const Machine &mv::report::getMachine(StringRef device) { return device == "cuda" ? kGPU : kCPU; }

double Machine::flopsPerSecond(StringRef dtype) const {
  if (multiprocessors == 1)
    return kCPUFlopsPerSecond;
  return kGPUFlopsPerSecond / (dtype == "f32" ? 6 : dtype == "tf32" ? 2 : 1);
}

int64_t Launch::residentBlocks(const Machine &machine) const {
  if (!facts || !facts->registers || machine.registers == 0)
    return 0;
  constexpr int64_t kRegisterUnit = 8, kReservedShared = 1024, kMaxBlocks = 32;
  int64_t byRegisters =
      machine.registers / (threads * roundUp(std::max<int64_t>(*facts->registers, 1), kRegisterUnit));
  int64_t byShared = machine.sharedBytes / (shared + kReservedShared);
  return std::min({byRegisters, byShared, machine.threads / threads, kMaxBlocks});
}

//===----------------------------------------------------------------------===//
// Bounds
//===----------------------------------------------------------------------===//

const Variant *Row::variant(int64_t batch) const {
  const Variant *found = nullptr;
  for (const Variant &each : variants)
    if (each.batch <= batch)
      found = &each;
  return found;
}

/// Blocks go to multiprocessors whole, so the busiest one sets the time of the arithmetic.
Bound Row::bound(const Machine &machine, StringRef dtype, int64_t batch) const {
  double arithmetic = double(batch * flops) / machine.flopsPerSecond(dtype);
  if (const Variant *taken = variant(batch)) {
    int64_t blocks = 1;
    for (const Launch &launch : taken->launches)
      blocks = std::max(blocks, launch.blocks(batch));
    double rounds = double(ceilDiv(blocks, machine.multiprocessors));
    arithmetic *= rounds * double(machine.multiprocessors) / double(blocks);
  }
  double memory = double(batch * activations + parameters) / machine.bytesPerSecond;
  return arithmetic >= memory ? Bound{arithmetic, "arithmetic"} : Bound{memory, "memory"};
}

std::vector<int64_t> Entry::batches() const {
  return device == "cuda" ? std::vector<int64_t>{1, 128} : std::vector<int64_t>{1};
}

Row Entry::total() const {
  Row sum;
  sum.label = "sum";
  for (const Row &row : rows) {
    sum.flops += row.flops;
    sum.activations += row.activations;
    sum.parameters += row.parameters;
    sum.denseActivations += row.denseActivations;
    sum.denseParameters += row.denseParameters;
  }
  return sum;
}

double Entry::boundSeconds(int64_t batch) const {
  double sum = 0;
  for (const Row &row : rows)
    sum += row.bound(machine(), dtype, batch).seconds;
  return sum;
}

//===----------------------------------------------------------------------===//
// Collection
//===----------------------------------------------------------------------===//

/// The first target's launches: they differ between targets in detail at most.
static void collectLaunches(plan::KernelOp kernel, const MachineFactsByTarget &facts, Row &row) {
  for (Attribute attribute : kernel.getImplementations()) {
    auto implementation = dyn_cast<plan::GPUImplementationAttr>(attribute);
    if (!implementation)
      continue;
    auto known = facts.find(implementation.getTarget());
    for (plan::VariantAttr variant : implementation.getVariants()) {
      row.variants.push_back({variant.getBatch(), variant.getWorkspace(), {}});
      std::vector<Launch> &launches = row.variants.back().launches;
      for (plan::LaunchAttr launch : variant.getLaunches()) {
        launches.push_back({launch.getFunction().str(), launch.getItems(), launch.getGroup(),
                            launch.getMultiplier(), launch.getThreads(), launch.getShared()});
        if (known == facts.end())
          continue;
        if (auto function = known->second.find(launch.getFunction()); function != known->second.end())
          launches.back().facts = &function->second;
      }
    }
    return;
  }
}

/// Of one image, or of a parameter.
static int64_t denseBytes(RankedTensorType type) {
  int64_t elements = 1;
  for (int64_t size : type.getShape())
    elements *= ShapedType::isDynamic(size) ? 1 : size;
  return elements * storedShape(type).element.getIntOrFloatBitWidth() / 8;
}

static Row describe(plan::DispatchOp dispatch, plan::KernelOp kernel, const MachineFactsByTarget &facts) {
  Row row;
  row.label = dispatch.getLabel().str();
  row.kernel = kernel.getSymName().str();
  row.family = kernel.getFamily().str();
  row.flops = getFlopsPerImage(kernel);
  row.workspace = kernel.getWorkspace();
  auto count = [&](ValueRange buffers) {
    for (Value buffer : buffers) {
      auto type = cast<plan::BufferType>(buffer.getType());
      bool isParameter = buffer.getDefiningOp<plan::ConstantOp>() != nullptr;
      (isParameter ? row.parameters : row.activations) += type.getByteSize();
      (isParameter ? row.denseParameters : row.denseActivations) += denseBytes(type.getTensor());
    }
  };
  count(dispatch.getInputs());
  count(dispatch.getResults());
  collectLaunches(kernel, facts, row);
  return row;
}

std::vector<Entry> mv::report::collect(ModuleOp module, const MachineFactsByTarget &facts) {
  SymbolTable symbols(module);
  std::vector<Entry> entries;
  for (auto op : module.getOps<plan::EntryOp>()) {
    Entry &entry = entries.emplace_back();
    entry.name = op.getSymName().str();
    entry.device = op.getDevice().value_or("cpu").str();
    entry.dtype = op.getDtype().value_or("f32").str();
    entry.arena = op.getArena();
    entry.live = op.getLive();
    for (auto dispatch : op.getOps<plan::DispatchOp>())
      entry.rows.push_back(describe(dispatch, symbols.lookup<plan::KernelOp>(dispatch.getKernel()), facts));
  }
  return entries;
}

Status mv::writeReport(ModuleOp module, const std::string &path, const MachineFactsByTarget &facts) {
  std::vector<Entry> entries = collect(module, facts);
  if (path.empty()) {
    printText(entries, llvm::errs());
    return {};
  }
  std::string text;
  llvm::raw_string_ostream os(text);
  StringRef extension = llvm::sys::path::extension(path);
  if (extension == ".json")
    printJSON(entries, os);
  else if (extension == ".html")
    printHTML(entries, os);
  else
    printText(entries, os);
  MV_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::create(path));
  MV_RETURN_IF_ERROR(file.write(text));
  return file.commit();
}
