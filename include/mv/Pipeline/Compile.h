//===- Compile.h - From a checkpoint to a package -------------------*- C++ -*-===//

#ifndef MV_PIPELINE_COMPILE_H
#define MV_PIPELINE_COMPILE_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mv/Import/EntryPoints.h"
#include "mv/Pipeline/Pipeline.h"
#include "mv/Support/Status.h"

#include <optional>
#include <string>
#include <vector>

namespace mv {

struct CompileOptions {
  std::string source;                  ///< Checkpoint folder, config.json, or IR of any stage (.mlir).
  std::string weights;                 ///< FILE, FOLDER or random:SEED; empty: the source's own.
  std::string output;                  ///< Empty or "-": standard output, for text only.
  std::vector<Resolution> resolutions; ///< Empty: the checkpoint's input size.
  std::optional<InputType> input;      ///< Nothing: f32, or what the IR says.
  std::vector<std::string> outputs;    ///< Empty: logits and pooled, as far as the model has them.
  Stage stage = Stage::Package;        ///< Where to stop.
  bool report = false;                 ///< Write work and bytes of every kernel ...
  std::string reportFile;              ///< ... here, as HTML or text by its extension; empty: standard error.
  unsigned threads = 0;                ///< 0: one per CPU.
  std::string tuningFile; ///< Measured tiles of products on GPUs (mv/Kernels/GPU/Tuning.h); empty: none.
  std::string ptxas;      ///< NVIDIA's assembler; empty: where it usually is, or none.
  bool targetsAreDefault = false; ///< Nobody named any: IR that was made for fewer devices needs no more.
  bool dtypeIsDefault = false;    ///< The same of the type of products.
  PipelineOptions pipeline;
};

/// What a compilation tells the user besides its result, one line each.
using Notify = llvm::function_ref<void(const std::string &)>;

/// Runs the stages up to `options.stage` and writes what the last one made. MLIR diagnostics go to the
/// context's handler; the Status repeats what failed in one line. `configure` lets a tool add its
/// instrumentation to each pass manager.
Status compile(mlir::MLIRContext &context, const CompileOptions &options, Notify warn,
               llvm::function_ref<mlir::LogicalResult(mlir::PassManager &)> configure);

} // namespace mv

#endif // MV_PIPELINE_COMPILE_H
