//===- RegisterLayout.cpp - Virtual registers to places -------------*- C++ -*-===//
//
// PTX uses a new register for nearly every value; a place for each would make a warp's registers far larger
// than the host's caches. Values whose lifetimes do not overlap share a place. Lifetimes are intervals of the
// program, from ordinary liveness over basic blocks; a write under a guard does not end the life of what was
// there. Lanes of a warp may be at different places of the program, but a place holds 32 separate lanes, and
// each lane's values follow the lane's own way through the program.
//
// Places of different widths are never shared, see Handlers.h.
//
//===----------------------------------------------------------------------===//

#include "PTXSim/Machine/Decoder.h"
#include "PTXSim/Machine/Handlers.h"

#include <algorithm>
#include <map>

namespace mv::ptxsim {
namespace {

constexpr unsigned widthClasses = 5; ///< predicates, 16, 32, 64, 128 bits
unsigned classOf(uint8_t bytes) {
  return bytes == 0 ? 0 : bytes == 2 ? 1 : bytes == 4 ? 2 : bytes == 8 ? 3 : 4;
}
constexpr uint32_t classBytes[widthClasses] = {4, 64, 128, 256, 512};

bool isVirtual(Slot slot) { return slot != noSlot && (slot & 1) == 0; }

struct Interval {
  uint32_t begin = ~uint32_t(0), end = 0;
  void cover(uint32_t position) {
    begin = std::min(begin, position);
    end = std::max(end, position);
  }
};

template <typename F> void eachUse(const Program &program, const Inst &inst, F &&f) {
  for (Slot slot : {inst.a, inst.b, inst.c, inst.d, inst.guard})
    if (isVirtual(slot))
      f(slot / 2);
  for (unsigned i = inst.defs; i < unsigned(inst.defs) + inst.uses; ++i)
    if (Slot slot = program.slots[inst.list + i]; isVirtual(slot))
      f(slot / 2);
}

template <typename F> void eachDef(const Program &program, const Inst &inst, F &&f) {
  if (isVirtual(inst.dst))
    f(inst.dst / 2);
  for (unsigned i = 0; i < inst.defs; ++i)
    if (Slot slot = program.slots[inst.list + i]; isVirtual(slot))
      f(slot / 2);
}

/// Liveness of one function's registers, as bit sets over [first, last).
class Liveness {
public:
  Liveness(const Program &program, uint32_t begin, uint32_t end, uint32_t first, uint32_t last)
      : program_(program), begin_(begin), end_(end), first_(first), words_((last - first + 63) / 64) {}

  void run(std::vector<Interval> &intervals, uint32_t &pressure, const std::vector<uint8_t> &bytes);

private:
  struct Block {
    uint32_t begin, end;
    std::vector<uint32_t> successors;
  };
  void findBlocks();
  uint64_t *in(size_t block) { return in_.data() + block * words_; }
  bool transfer(size_t block);

  const Program &program_;
  uint32_t begin_, end_, first_;
  size_t words_;
  std::vector<Block> blocks_;
  std::vector<uint64_t> in_, live_;
};

void Liveness::findBlocks() {
  std::vector<uint8_t> leader(end_ - begin_ + 1, 0);
  leader[0] = 1;
  auto mark = [&](uint32_t pc) {
    if (pc >= begin_ && pc < end_)
      leader[pc - begin_] = 1;
  };
  for (uint32_t pc = begin_; pc < end_; ++pc) {
    const Inst &inst = program_.code[pc];
    if (isBranch(inst))
      mark(inst.target);
    if (isTableBranch(inst))
      for (uint32_t target : program_.branchTables[inst.target])
        mark(target);
    if (isBranch(inst) || isTableBranch(inst) || isReturn(inst) || isExit(inst))
      leader[pc + 1 - begin_] = 1;
  }
  std::vector<uint32_t> blockAt(end_ - begin_);
  for (uint32_t pc = begin_; pc < end_; ++pc) {
    if (leader[pc - begin_])
      blocks_.push_back({pc, pc, {}});
    blocks_.back().end = pc + 1;
    blockAt[pc - begin_] = uint32_t(blocks_.size() - 1);
  }
  for (Block &block : blocks_) {
    const Inst &inst = program_.code[block.end - 1];
    bool always = inst.guard & 1;
    if (isBranch(inst))
      block.successors.push_back(blockAt[inst.target - begin_]);
    if (isTableBranch(inst))
      for (uint32_t target : program_.branchTables[inst.target])
        block.successors.push_back(blockAt[target - begin_]);
    bool leaves = (isBranch(inst) || isReturn(inst) || isExit(inst)) && always;
    if (!leaves && block.end < end_)
      block.successors.push_back(blockAt[block.end - begin_]);
  }
}

/// live-in of a block from its successors; true when it grew.
bool Liveness::transfer(size_t index) {
  const Block &block = blocks_[index];
  std::fill(live_.begin(), live_.end(), 0);
  for (uint32_t successor : block.successors)
    for (size_t w = 0; w < words_; ++w)
      live_[w] |= in(successor)[w];
  for (uint32_t pc = block.end; pc-- > block.begin;) {
    const Inst &inst = program_.code[pc];
    if (inst.guard & 1)
      eachDef(program_, inst,
              [&](uint32_t r) { live_[(r - first_) / 64] &= ~(uint64_t(1) << (r - first_) % 64); });
    eachUse(program_, inst,
            [&](uint32_t r) { live_[(r - first_) / 64] |= uint64_t(1) << (r - first_) % 64; });
  }
  bool changed = false;
  for (size_t w = 0; w < words_; ++w) {
    changed |= (live_[w] & ~in(index)[w]) != 0;
    in(index)[w] |= live_[w];
  }
  return changed;
}

void Liveness::run(std::vector<Interval> &intervals, uint32_t &pressure, const std::vector<uint8_t> &bytes) {
  findBlocks();
  in_.assign(blocks_.size() * words_, 0);
  live_.assign(words_, 0);
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t b = blocks_.size(); b-- > 0;)
      changed |= transfer(b);
  }
  for (size_t b = 0; b < blocks_.size(); ++b) {
    uint32_t registers = 0;
    std::fill(live_.begin(), live_.end(), 0);
    for (uint32_t successor : blocks_[b].successors)
      for (size_t w = 0; w < words_; ++w)
        live_[w] |= in(successor)[w];
    auto each = [&](uint64_t *set, auto &&f) {
      for (size_t w = 0; w < words_; ++w)
        for (uint64_t rest = set[w]; rest; rest &= rest - 1)
          f(first_ + uint32_t(w * 64) + uint32_t(std::countr_zero(rest)));
    };
    auto weight = [&](uint32_t r) { return bytes[r] <= 1 ? 0u : std::max(1u, bytes[r] / 4u); };
    each(in(b), [&](uint32_t r) { intervals[r].cover(blocks_[b].begin); });
    each(live_.data(), [&](uint32_t r) {
      intervals[r].cover(blocks_[b].end - 1);
      registers += weight(r);
    });
    pressure = std::max(pressure, registers);
    for (uint32_t pc = blocks_[b].begin; pc < blocks_[b].end; ++pc) {
      const Inst &inst = program_.code[pc];
      auto cover = [&](uint32_t r) { intervals[r].cover(pc); };
      eachUse(program_, inst, cover);
      eachDef(program_, inst, cover);
    }
    // Pressure inside the block, backwards.
    for (uint32_t pc = blocks_[b].end; pc-- > blocks_[b].begin;) {
      const Inst &inst = program_.code[pc];
      auto bit = [&](uint32_t r) { return uint64_t(1) << (r - first_) % 64; };
      if (inst.guard & 1)
        eachDef(program_, inst, [&](uint32_t r) {
          registers -= live_[(r - first_) / 64] & bit(r) ? weight(r) : 0;
          live_[(r - first_) / 64] &= ~bit(r);
        });
      eachUse(program_, inst, [&](uint32_t r) {
        registers += live_[(r - first_) / 64] & bit(r) ? 0 : weight(r);
        live_[(r - first_) / 64] |= bit(r);
      });
      pressure = std::max(pressure, registers);
    }
  }
}

/// Linear scan: places are reused once their interval is over. Returns places per class, and each register's.
void scan(const std::vector<Interval> &intervals, const std::vector<uint8_t> &bytes, uint32_t first,
          uint32_t last, std::vector<uint32_t> &place, uint32_t (&count)[widthClasses]) {
  std::vector<uint32_t> byBegin;
  for (uint32_t r = first; r < last; ++r)
    if (intervals[r].begin <= intervals[r].end)
      byBegin.push_back(r);
  std::sort(byBegin.begin(), byBegin.end(),
            [&](uint32_t x, uint32_t y) { return intervals[x].begin < intervals[y].begin; });
  std::vector<uint32_t> freePlaces[widthClasses];
  std::multimap<uint32_t, uint32_t> active; // End to register.
  for (uint32_t r : byBegin) {
    while (!active.empty() && active.begin()->first < intervals[r].begin) {
      uint32_t old = active.begin()->second;
      freePlaces[classOf(bytes[old])].push_back(place[old]);
      active.erase(active.begin());
    }
    unsigned kind = classOf(bytes[r]);
    if (freePlaces[kind].empty()) {
      place[r] = count[kind]++;
    } else {
      place[r] = freePlaces[kind].back();
      freePlaces[kind].pop_back();
    }
    active.emplace(intervals[r].end, r);
  }
}

} // namespace

void layOutRegisters(Program &program, const std::vector<uint8_t> &registerBytes) {
  std::vector<Interval> intervals(registerBytes.size());
  std::vector<uint32_t> offset(registerBytes.size(), 0), place(registerBytes.size(), 0);
  uint32_t top = 0;
  for (size_t f = 0; f < program.functions.size(); ++f) {
    FunctionCode &function = program.functions[f];
    uint32_t end =
        f + 1 < program.functions.size() ? program.functions[f + 1].entry : uint32_t(program.code.size());
    uint32_t pressure = 0;
    Liveness(program, function.entry, end, function.firstRegister, function.lastRegister)
        .run(intervals, pressure, registerBytes);
    program.liveRegisters = std::max(program.liveRegisters, pressure);
    uint32_t count[widthClasses] = {};
    scan(intervals, registerBytes, function.firstRegister, function.lastRegister, place, count);
    function.registerBegin = top;
    uint32_t base[widthClasses];
    for (unsigned kind = 0; kind < widthClasses; ++kind) {
      base[kind] = top;
      top += count[kind] * classBytes[kind];
      top = (top + 63) / 64 * 64;
      function.sections[kind] = top - function.registerBegin;
    }
    for (uint32_t r = function.firstRegister; r < function.lastRegister; ++r) {
      unsigned kind = classOf(registerBytes[r]);
      offset[r] = base[kind] + place[r] * classBytes[kind];
    }
    function.registerEnd = top;
  }
  // A place for registers that no instruction names keeps every offset valid.
  program.registerBytes = top + 512;
  auto fix = [&](Slot &slot) {
    if (isVirtual(slot))
      slot = offset[slot / 2];
  };
  for (Inst &inst : program.code)
    for (Slot *slot : {&inst.dst, &inst.a, &inst.b, &inst.c, &inst.d, &inst.guard})
      fix(*slot);
  for (Slot &slot : program.slots)
    fix(slot);
}

} // namespace mv::ptxsim
