//===- SASSTest.cpp - Main loops in listings of machine code --------------------===//

#include "mv/Kernels/CodeGen/MachineFacts.h"

#include <gtest/gtest.h>

using namespace mv::gpu;

/// A line of an instruction and the line of its upper half, which holds the stall count in bits 41 to 44.
static std::string instruction(unsigned address, const std::string &text, uint64_t stall) {
  char buffer[256];
  std::snprintf(buffer, sizeof(buffer),
                "        /*%04x*/                   %s ;     /* 0x000000000000723c */\n"
                "                                              /* 0x%016llx */\n",
                address, text.c_str(), static_cast<unsigned long long>(stall << 41 | 0xff));
  return buffer;
}

static std::string function(const std::string &name, const std::string &body) {
  return "\t\tFunction : " + name + "\n\t.headerflags    @\"EF_CUDA_SM80\"\n" + body + "\t\t..........\n";
}

TEST(SASS, FindsTheLoopWithTheMatrixInstructions) {
  const std::string listing =
      function("gemm", instruction(0x00, "MOV R1, c[0x0][0x28]", 2) +
                           instruction(0x10, "LDGSTS.E.BYPASS.128 [R2], [R4.64]", 1) +
                           instruction(0x20, "LDSM.16.M88.4 R8, [R2]", 1) +
                           instruction(0x30, "HMMA.16816.F32 R4, R8, R12, R4", 8) +
                           instruction(0x40, "@!P0 HMMA.16816.F32 R4, R8, R14, R4", 9) +
                           instruction(0x50, "@P1 BRA 0x20", 5) + instruction(0x60, "STL [R1], R5", 4) +
                           instruction(0x70, "BRA 0x70", 0));
  std::vector<SASSFunction> functions = parseSASS(listing);
  ASSERT_EQ(functions.size(), 1u);
  const SASSFunction &gemm = functions.front();
  EXPECT_EQ(gemm.name, "gemm");
  EXPECT_EQ(gemm.total.all, 8);
  EXPECT_EQ(gemm.total.local, 1);
  ASSERT_TRUE(gemm.hasMainLoop);
  EXPECT_EQ(gemm.mainLoop.all, 4);
  EXPECT_EQ(gemm.mainLoop.matrix, 2);
  EXPECT_EQ(gemm.mainLoop.stalls, 1 + 8 + 9 + 5);
  EXPECT_EQ(gemm.mainLoop.byName.lookup("LDSM"), 1);
  EXPECT_EQ(gemm.mainLoop.byName.lookup("HMMA"), 2);
}

TEST(SASS, TheInnerLoopIsDenser) {
  const std::string listing =
      function("nested", instruction(0x00, "IADD3 R1, R1, 1, RZ", 4) +
                             instruction(0x10, "HMMA.1688.F32.TF32 R4, R8, R12, R4", 8) +
                             instruction(0x20, "@P0 BRA 0x10", 5) + instruction(0x30, "@P1 BRA 0x0", 5));
  std::vector<SASSFunction> functions = parseSASS(listing);
  ASSERT_EQ(functions.size(), 1u);
  EXPECT_EQ(functions.front().mainLoop.all, 2);
}

TEST(SASS, SeparatesFunctionsAndPassesOverTheRest) {
  const std::string listing =
      "Fatbin elf code:\n" + function("first", instruction(0x00, "EXIT", 5)) + "garbage /*zz*/ ;\n" +
      function("second", instruction(0x00, "NOP", 0) + instruction(0x10, "BRA 0x0", 5));
  std::vector<SASSFunction> functions = parseSASS(listing);
  ASSERT_EQ(functions.size(), 2u);
  EXPECT_EQ(functions[0].name, "first");
  EXPECT_FALSE(functions[0].hasMainLoop);
  EXPECT_EQ(functions[1].total.stalls, 6);
  EXPECT_FALSE(functions[1].hasMainLoop);
}

TEST(MachineFacts, ReadsWhatPtxasPrints) {
  FunctionFacts facts;
  addPtxasInfo("ptxas info    : 0 bytes gmem\n"
               "ptxas info    : Compiling entry function 'one' for 'sm_80'\n"
               "ptxas info    : Function properties for one\n"
               "    16 bytes stack frame, 24 bytes spill stores, 32 bytes spill loads\n"
               "ptxas info    : Used 255 registers, used 1 barriers, 400 bytes cmem[0]\n"
               "ptxas info    : Compiling entry function 'two' for 'sm_80'\n"
               "ptxas info    : Used 32 registers, used 0 barriers\n",
               facts);
  ASSERT_EQ(facts.size(), 2u);
  EXPECT_EQ(facts["one"].registers, 255);
  EXPECT_EQ(facts["one"].spillBytes, 24);
  EXPECT_EQ(facts["two"].registers, 32);
  EXPECT_EQ(facts["two"].spillBytes, 0);
}
