//===- SassLoops.cpp - The main loops of any cubin's kernels --------------------===//
//
//     cuobjdump -sass FILE.cubin | sass-loops
//
// Says of each function what mv-compile --report says of this project's: how many instructions and stall counts its main
// loop has for each matrix instruction.
//
//===----------------------------------------------------------------------===//

#include "mv/Kernels/CodeGen/SASS.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

int main() {
  auto listing = llvm::MemoryBuffer::getSTDIN();
  if (!listing) {
    llvm::errs() << "sass-loops: cannot read standard input\n";
    return 2;
  }
  for (const mv::gpu::SASSFunction &function : mv::gpu::parseSASS((*listing)->getBuffer())) {
    const mv::gpu::InstructionCounts &loop = function.mainLoop;
    if (function.hasMainLoop)
      llvm::outs() << llvm::format("%.2f instructions, %.2f stalls (%lld matrix instructions) ",
                                   double(loop.all) / double(loop.matrix),
                                   double(loop.stalls) / double(loop.matrix),
                                   static_cast<long long>(loop.matrix));
    llvm::outs() << function.name << "\n";
  }
  return 0;
}
