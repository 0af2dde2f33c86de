//===- RowPhase.cpp - A phase over the positions of all images ------------------===//

#include "RowPhase.h"

using namespace mlir;
using namespace mv;
using namespace mv::cpu;

/// Elements that make a workgroup worth its start: some 10 us of memory traffic.
static constexpr int64_t kWorkgroupElements = 1 << 15;

void mv::cpu::emitRowPhase(KernelBuilder &b, Epilogue &epilogue, int64_t rows, int64_t elements,
                           llvm::function_ref<void(Value image, Value row)> emit) {
  int64_t group = std::clamp<int64_t>(kWorkgroupElements / elements, 1, rows);
  b.beginPhase();
  b.forEachWorkgroup([&](Value workgroup) {
    Value first = b.times(workgroup, group);
    Value last = b.smaller(b.plus(first, group), b.times(b.batch(), rows));
    b.loop(first, last, 1, [&](Value position) {
      Value image = b.quotient(position, rows), row = b.remainder(position, rows);
      if (epilogue.hasGaps())
        b.when(b.isEqual(row, b.index(0)), [&] { epilogue.fillGaps(image); });
      emit(image, row);
    });
  });
  b.endPhase(rows, group, 1);
}

void mv::cpu::emitRow(KernelBuilder &b, Epilogue &epilogue, Value image, Value row,
                      llvm::function_ref<Value(Value channel)> emit) {
  Row place = epilogue.locate(Position::flat(image, row));
  b.loop(0, epilogue.storedChannels(), b.target.lanes,
         [&](Value channel) { epilogue.store(place, channel, emit(channel)); });
}
