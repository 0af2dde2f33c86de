//===- BufferLivenessTest.cpp - When values are alive ---------------------------===//

#include "mv/Plan/BufferLiveness.h"
#include "ParsedModule.h"

#include <gtest/gtest.h>

using namespace mv;

/// Four copies: a is read by b and, later, by d; c by nobody.
static constexpr const char *kDiamond = R"(
func.func @f(%x: tensor<?x4x20xf32>) -> tensor<?x4x20xf32> {
  %a = mv.kernel(%x) : (tensor<?x4x20xf32>) -> tensor<?x4x20xf32> { ^bb0(%i: tensor<?x4x20xf32>):
    mv.yield %i : tensor<?x4x20xf32> }
  %b = mv.kernel(%a) : (tensor<?x4x20xf32>) -> tensor<?x4x20xf32, #mv.layout<halo = 0, channels = 32>> { ^bb0(%i: tensor<?x4x20xf32>):
    mv.yield %i : tensor<?x4x20xf32> }
  %c = mv.kernel(%b) : (tensor<?x4x20xf32, #mv.layout<halo = 0, channels = 32>>) -> tensor<?x4x20xf32> { ^bb0(%i: tensor<?x4x20xf32>):
    mv.yield %i : tensor<?x4x20xf32> }
  %d = mv.kernel(%a) : (tensor<?x4x20xf32>) -> tensor<?x4x20xf32> { ^bb0(%i: tensor<?x4x20xf32>):
    mv.yield %i : tensor<?x4x20xf32> }
  return %d : tensor<?x4x20xf32>
}
)";

static LiveInterval getInterval(const BufferLiveness &liveness, unsigned kernel) {
  return liveness.getInterval(KernelOp(liveness.getKernels()[kernel]).getResult(0));
}

TEST(BufferLiveness, FromTheWriterToTheLastReader) {
  ParsedModule parsed(kDiamond);
  ASSERT_TRUE(parsed.module);
  BufferLiveness liveness(parsed.getFunction());
  ASSERT_EQ(liveness.getKernels().size(), 4u);
  EXPECT_EQ(getInterval(liveness, 0).begin, 0);
  EXPECT_EQ(getInterval(liveness, 0).end, 3);
  EXPECT_EQ(getInterval(liveness, 1).begin, 1);
  EXPECT_EQ(getInterval(liveness, 1).end, 2);
}

TEST(BufferLiveness, UnreadValuesLiveWhileTheyAreWritten) {
  ParsedModule parsed(kDiamond);
  ASSERT_TRUE(parsed.module);
  BufferLiveness liveness(parsed.getFunction());
  EXPECT_EQ(getInterval(liveness, 2).begin, 2);
  EXPECT_EQ(getInterval(liveness, 2).end, 2);
}

// Bytes of one image, as the layout stores it.
TEST(BufferLiveness, BytesFollowTheLayout) {
  ParsedModule parsed(kDiamond);
  ASSERT_TRUE(parsed.module);
  BufferLiveness liveness(parsed.getFunction());
  EXPECT_EQ(getInterval(liveness, 0).bytes, 4 * 20 * 4);
  EXPECT_EQ(getInterval(liveness, 1).bytes, 4 * 32 * 4);
}

TEST(BufferLiveness, AWorkspaceLivesForOneDispatch) {
  ParsedModule parsed(kDiamond);
  ASSERT_TRUE(parsed.module);
  BufferLiveness liveness(parsed.getFunction());
  LiveInterval workspace = liveness.getWorkspaceInterval(liveness.getKernels()[2], 100);
  EXPECT_EQ(workspace.begin, 2);
  EXPECT_EQ(workspace.end, 2);
  EXPECT_EQ(workspace.bytes, 100);
}
