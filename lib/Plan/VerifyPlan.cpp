//===- VerifyPlan.cpp - The border between plan and kernels ---------------------===//
//
// Runs an entry point in the mind: which slice holds what after each dispatch. It knows nothing of liveness
// or of how the arena was planned, so a mistake there does not hide from it.
//
//===----------------------------------------------------------------------===//

#include "mv/Plan/Passes.h"

#include "llvm/ADT/MapVector.h"

namespace mv {
#define GEN_PASS_DEF_VERIFYPLAN
#include "mv/Plan/Passes.h.inc"
} // namespace mv

using namespace mlir;
using namespace mv;

/// Whether two buffers have a byte in common. Only slices of the arena can.
static bool overlap(Value a, Value b) {
  auto x = a.getDefiningOp<plan::SliceOp>(), y = b.getDefiningOp<plan::SliceOp>();
  if (!x || !y)
    return a == b;
  int64_t xBegin = x.getOffset(), yBegin = y.getOffset();
  return xBegin < yBegin + int64_t(y.getBytes()) && yBegin < xBegin + int64_t(x.getBytes());
}

namespace {
class EntryVerifier {
public:
  EntryVerifier(plan::EntryOp entry, SymbolTable &symbols) : entry(entry), symbols(symbols) {}

  LogicalResult verify() {
    for (Operation &op : entry.getBody().front()) {
      if (auto dispatch = dyn_cast<plan::DispatchOp>(op))
        run(dispatch);
      else if (!isa<plan::InputOp, plan::OutputOp, plan::SliceOp, plan::ConstantOp>(op))
        report(&op, "(P1)") << "does not belong into an entry point";
    }
    for (auto output : entry.getOps<plan::OutputOp>())
      if (!states.count(output.getResult()))
        report(output, "(P3)") << "'" << output.getName() << "' is never written";
    return success(correct);
  }

private:
  /// What a written buffer holds.
  struct State {
    plan::DispatchOp overwritten; ///< The dispatch that destroyed it, if one did.
  };

  plan::EntryOp entry;
  SymbolTable &symbols;
  llvm::MapVector<Value, State> states;
  bool correct = true;

  InFlightDiagnostic report(Operation *op, StringRef label) {
    correct = false;
    return op->emitOpError() << label << " ";
  }

  void run(plan::DispatchOp dispatch) {
    for (auto [index, input] : llvm::enumerate(dispatch.getInputs()))
      read(dispatch, index, input);
    SmallVector<Value> written(dispatch.getResults());
    if (Value workspace = dispatch.getWorkspace()) {
      verifyWorkspace(dispatch, workspace.getDefiningOp<plan::SliceOp>());
      written.push_back(workspace);
    }
    verifyDisjoint(dispatch, written);
    for (Value buffer : dispatch.getResults())
      write(dispatch, buffer);
    if (Value workspace = dispatch.getWorkspace())
      destroyOthers(dispatch, workspace);
  }

  void read(plan::DispatchOp dispatch, size_t index, Value buffer) {
    if (isa<plan::InputOp, plan::ConstantOp>(buffer.getDefiningOp()))
      return;
    auto state = states.find(buffer);
    if (state == states.end()) {
      report(dispatch, "(P2)") << "'" << dispatch.getLabel() << "' reads input " << index
                               << " before it is written";
      return;
    }
    plan::DispatchOp other = state->second.overwritten;
    if (!other)
      return;
    InFlightDiagnostic diagnostic = report(dispatch, "(P2)");
    diagnostic << "'" << dispatch.getLabel() << "' reads input " << index << " after it was overwritten";
    diagnostic.attachNote(other.getLoc()) << "by '" << other.getLabel() << "'";
  }

  void verifyWorkspace(plan::DispatchOp dispatch, plan::SliceOp slice) {
    auto kernel = symbols.lookup<plan::KernelOp>(dispatch.getKernel());
    int64_t needed = kernel ? int64_t(kernel.getWorkspace()) : 0;
    if (!slice || int64_t(slice.getBytes()) < needed)
      report(dispatch, "(P4)") << "'" << dispatch.getLabel() << "' has a workspace of "
                               << (slice ? int64_t(slice.getBytes()) : 0) << " bytes, the kernel needs "
                               << needed;
  }

  /// What is written must not lie on what is read, nor on each other.
  void verifyDisjoint(plan::DispatchOp dispatch, ArrayRef<Value> written) {
    for (auto [index, buffer] : llvm::enumerate(written)) {
      if (llvm::any_of(dispatch.getInputs(), [&](Value input) { return overlap(input, buffer); }))
        report(dispatch, "(P2)") << "'" << dispatch.getLabel() << "' writes where it reads";
      if (llvm::any_of(written.drop_front(index + 1), [&](Value other) { return overlap(other, buffer); }))
        report(dispatch, "(P2)") << "'" << dispatch.getLabel() << "' writes two things to one place";
    }
  }

  void write(plan::DispatchOp dispatch, Value buffer) {
    if (isa<plan::InputOp, plan::ConstantOp>(buffer.getDefiningOp())) {
      report(dispatch, "(P2)") << "'" << dispatch.getLabel() << "' writes what is read only";
      return;
    }
    auto output = buffer.getDefiningOp<plan::OutputOp>();
    if (output && states.count(buffer))
      report(dispatch, "(P3)") << "'" << dispatch.getLabel() << "' writes output '" << output.getName()
                               << "' a second time";
    destroyOthers(dispatch, buffer);
    states[buffer] = State();
  }

  void destroyOthers(plan::DispatchOp dispatch, Value buffer) {
    for (auto &[other, state] : states)
      if (other != buffer && !state.overwritten && overlap(other, buffer))
        state.overwritten = dispatch;
  }
};
} // namespace

namespace {
struct VerifyPlanPass : mv::impl::VerifyPlanBase<VerifyPlanPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SymbolTable symbols(module);
    bool correct = true;
    llvm::SmallDenseSet<StringRef> used;
    for (Operation &op : *module.getBody()) {
      if (!isa<plan::ParameterOp, plan::KernelOp, plan::EntryOp, ModuleOp>(op)) {
        op.emitOpError("(P1) is left after planning");
        correct = false;
      }
      auto entry = dyn_cast<plan::EntryOp>(op);
      if (!entry)
        continue;
      collectUses(entry, used);
      correct &= succeeded(EntryVerifier(entry, symbols).verify());
    }
    correct &= verifyUsed(module, used);
    if (!correct)
      return signalPassFailure();
    markAllAnalysesPreserved();
  }

private:
  static void collectUses(plan::EntryOp entry, llvm::SmallDenseSet<StringRef> &used) {
    for (auto constant : entry.getOps<plan::ConstantOp>())
      used.insert(constant.getParameter());
    for (auto dispatch : entry.getOps<plan::DispatchOp>())
      used.insert(dispatch.getKernel());
  }

  static bool verifyUsed(ModuleOp module, const llvm::SmallDenseSet<StringRef> &used) {
    bool correct = true;
    for (Operation &op : *module.getBody()) {
      if (!isa<plan::ParameterOp, plan::KernelOp>(op) || used.contains(SymbolTable::getSymbolName(&op)))
        continue;
      op.emitOpError("(P5) no entry point uses it");
      correct = false;
    }
    return correct;
  }
};
} // namespace
