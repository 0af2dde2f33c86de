//===- WorkspaceTest.cpp - Memory of a kernel's own -----------------------------===//

#include "ParsedModule.h"
#include "mv/Plan/Passes.h"

#include "mlir/Pass/PassManager.h"

#include <gtest/gtest.h>

using namespace mv;

/// Two copies of 64 bytes, then a sum over positions.
static constexpr const char *kCopies = R"(
func.func @f(%x: tensor<?x2x2x4xf32>) -> (tensor<?x4xf32> {mv.name = "y"}) attributes {mv.entry} {
  %a = mv.kernel(%x) : (tensor<?x2x2x4xf32>) -> tensor<?x2x2x4xf32> { ^bb0(%i: tensor<?x2x2x4xf32>):
    %r = mv.relu %i : tensor<?x2x2x4xf32>
    mv.yield %r : tensor<?x2x2x4xf32> }
  %b = mv.kernel(%a) : (tensor<?x2x2x4xf32>) -> tensor<?x2x2x4xf32> { ^bb0(%i: tensor<?x2x2x4xf32>):
    %r = mv.silu %i : tensor<?x2x2x4xf32>
    mv.yield %r : tensor<?x2x2x4xf32> }
  %c = mv.kernel(%b) : (tensor<?x2x2x4xf32>) -> tensor<?x4xf32> { ^bb0(%i: tensor<?x2x2x4xf32>):
    %r = mv.pool %i : tensor<?x2x2x4xf32> -> tensor<?x4xf32>
    mv.yield %r : tensor<?x4xf32> }
  return %c : tensor<?x4xf32>
}
)";

static plan::EntryOp runPlan(ParsedModule &parsed, PlanOptions options) {
  mlir::PassManager passes(&parsed.context);
  passes.addPass(createPlanPass(std::move(options)));
  passes.addPass(createVerifyPlan());
  if (!parsed.module || mlir::failed(passes.run(*parsed.module)))
    return {};
  return *parsed.module->getOps<plan::EntryOp>().begin();
}

// The pool's workspace comes on top of what is alive at the pool, 64 bytes, and may lie where a was.
TEST(Workspace, LivesDuringItsDispatch) {
  ParsedModule parsed(kCopies);
  PlanOptions options;
  options.getWorkspaceBytes = [](mlir::Block &body, llvm::StringRef device, llvm::StringRef dtype) {
    EXPECT_EQ(device, "cpu");
    EXPECT_EQ(dtype, "f32");
    return llvm::isa<PoolOp>(body.front()) ? 100 : 0;
  };
  plan::EntryOp entry = runPlan(parsed, options);
  ASSERT_TRUE(entry);
  EXPECT_EQ(int64_t(entry.getArena()), 64 + 128);
  EXPECT_EQ(int64_t(entry.getLive()), 64 + 128);
  int withWorkspace = 0;
  for (auto dispatch : entry.getOps<plan::DispatchOp>()) {
    if (!dispatch.getWorkspace())
      continue;
    ++withWorkspace;
    EXPECT_EQ(dispatch.getKernel(), "pool_2x2x4");
    EXPECT_EQ(int64_t(dispatch.getWorkspace().getDefiningOp<plan::SliceOp>().getBytes()), 128);
  }
  EXPECT_EQ(withWorkspace, 1);
}

TEST(Workspace, WithoutOptionsThereIsNone) {
  ParsedModule parsed(kCopies);
  plan::EntryOp entry = runPlan(parsed, {});
  ASSERT_TRUE(entry);
  EXPECT_EQ(int64_t(entry.getArena()), 128);
  for (auto dispatch : entry.getOps<plan::DispatchOp>())
    EXPECT_FALSE(dispatch.getWorkspace());
}
