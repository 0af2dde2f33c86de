//===- ReportData.h - What a report says, before it is printed ------*- C++ -*-===//

#ifndef MV_LIB_PIPELINE_REPORTDATA_H
#define MV_LIB_PIPELINE_REPORTDATA_H

#include "mv/IR/PlanDialect.h"
#include "mv/Pipeline/Report.h"

#include <string>
#include <vector>

namespace mv::report {

/// The machine that lower bounds are for.
struct Machine {
  llvm::StringRef name;
  int64_t multiprocessors; ///< Parts that one workgroup can keep busy; 1: work divides freely.
  double bytesPerSecond;   ///< Of memory.
  int64_t cacheBytes = 0;  ///< Of the second-level cache that all parts share.
  int64_t registers = 0, sharedBytes = 0, threads = 0; ///< Of a multiprocessor; 0 for CPUs.

  /// Multiplications and additions a second, all parts together.
  double flopsPerSecond(llvm::StringRef dtype) const;
};

/// The one for programs of `device`.
const Machine &getMachine(llvm::StringRef device);

struct Launch {
  std::string function;
  int64_t items, group, multiplier, threads, shared;
  const gpu::MachineFacts *facts = nullptr; ///< Null where no tool was there.

  int64_t blocks(int64_t batch) const { return (batch * items + group - 1) / group * multiplier; }
  /// Blocks that a multiprocessor holds at once; 0 when unknown.
  int64_t residentBlocks(const Machine &machine) const;
  /// Blocks that the whole machine holds at once, at least one a multiprocessor.
  int64_t concurrentBlocks(const Machine &machine) const {
    return machine.multiprocessors * std::max<int64_t>(1, residentBlocks(machine));
  }
};

/// From a batch on.
struct Variant {
  int64_t batch;
  bool workspace; ///< Whether it uses the kernel's.
  std::vector<Launch> launches;
};

/// What goes between the chip and its memory in one launch of a kernel's dispatch.
struct Traffic {
  double moved = 0; ///< As the kernels are made.
  double ideal = 0; ///< Inputs, results and parameters once each, without padding.

  double ratio() const { return ideal > 0 ? moved / ideal : 1; }
};

struct Bound {
  double seconds = 0;
  llvm::StringRef unit; ///< "arithmetic" or "memory"
};

struct Row {
  std::string label, kernel, family;
  int64_t flops = 0;                                 ///< For one image.
  int64_t activations = 0;                           ///< Bytes read and written, for one image.
  int64_t parameters = 0;                            ///< Bytes, whatever the batch.
  int64_t denseActivations = 0, denseParameters = 0; ///< The same without padding and halos.
  int64_t workspace = 0;                             ///< Bytes for one image that blocks write for others.
  std::vector<Variant> variants;                     ///< By rising batch; none on CPUs.

  /// What a batch takes; null on CPUs.
  const Variant *variant(int64_t batch) const;
  Bound bound(const Machine &machine, llvm::StringRef dtype, int64_t batch) const;
  /// See Traffic.cpp for what is assumed.
  Traffic traffic(const Machine &machine, int64_t batch) const;
};

struct Entry {
  std::string name, device, dtype;
  int64_t arena = 0, live = 0;
  std::vector<Row> rows;

  const Machine &machine() const { return getMachine(device); }
  /// The batches that bounds are shown for.
  std::vector<int64_t> batches() const;
  /// The sums of all rows; without launches.
  Row total() const;
  double boundSeconds(int64_t batch) const;
  Traffic traffic(int64_t batch) const;
};

std::vector<Entry> collect(mlir::ModuleOp module, const MachineFactsByTarget &facts);

void printText(llvm::ArrayRef<Entry> entries, llvm::raw_ostream &os);
void printJSON(llvm::ArrayRef<Entry> entries, llvm::raw_ostream &os);
void printHTML(llvm::ArrayRef<Entry> entries, llvm::raw_ostream &os);

} // namespace mv::report

#endif // MV_LIB_PIPELINE_REPORTDATA_H
