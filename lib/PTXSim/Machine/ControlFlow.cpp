//===- ControlFlow.cpp - Where diverged lanes meet again ------------*- C++ -*-===//
//
// Lanes that part at an instruction meet at the immediate post-dominator of its block: the first place that
// all of them pass. Two refinements:
//  - Ways that only lead to `exit` or `trap` do not count. `if (bad) trap;` inside a loop would otherwise
//  mean that lanes
//    parted before it never meet. A meeting does not wait for lanes that exit, so this is exact.
//  - Of a kernel's returns, the last is taken as the end, and the others as such exits.
// Blocks that begin at such a place get a Join instruction, the only ones that look for meetings while
// running.
//
// Post-dominators: Cooper, Harvey and Kennedy, "A simple, fast dominance algorithm", on the reversed graph.
//
//===----------------------------------------------------------------------===//

#include "PTXSim/Machine/Decoder.h"
#include "PTXSim/Machine/Handlers.h"

#include <algorithm>

namespace mv::ptxsim {
namespace {

struct BasicBlock {
  uint32_t begin = 0, end = 0;
  std::vector<uint32_t> successors, predecessors;
  bool endsHere = false; ///< Leads to the end of the function.
};

bool isGuarded(const Inst &inst, Slot always) { return inst.guard != always; }

class Graph {
public:
  Graph(const Program &program, const std::vector<Inst> &body, bool isKernel,
        const std::vector<uint32_t> &tables);
  /// Per block: the block where its lanes meet, or `none`.
  std::vector<uint32_t> meetingBlocks();

  static constexpr uint32_t none = ~uint32_t(0);
  std::vector<BasicBlock> blocks;
  std::vector<uint32_t> blockOf; ///< By instruction.

private:
  void findBlocks(const Program &program, const std::vector<Inst> &body);
  void connect(const Program &program, const std::vector<Inst> &body, bool isKernel);
  uint32_t intersect(uint32_t a, uint32_t b) const;

  std::vector<uint32_t> tables_;
  Slot always_;
  std::vector<uint32_t> order_, parent_; ///< Postorder numbers of the reversed graph, and post-dominators.
};

Graph::Graph(const Program &program, const std::vector<Inst> &body, bool isKernel,
             const std::vector<uint32_t> &tables)
    : tables_(tables), always_(body.empty() ? noSlot : body.back().guard) {
  findBlocks(program, body);
  connect(program, body, isKernel);
}

void Graph::findBlocks(const Program &program, const std::vector<Inst> &body) {
  std::vector<uint8_t> leader(body.size() + 1, 0);
  leader[0] = 1;
  for (size_t i = 0; i < body.size(); ++i) {
    if (isBranch(body[i]))
      leader[body[i].target] = 1;
    if (isBranch(body[i]) || isTableBranch(body[i]) || isReturn(body[i]) || isExit(body[i]))
      leader[i + 1] = 1;
  }
  for (uint32_t table : tables_)
    for (uint32_t target : program.branchTables[table])
      leader[target] = 1;
  blockOf.resize(body.size());
  for (uint32_t i = 0; i < body.size(); ++i) {
    if (leader[i]) {
      if (!blocks.empty())
        blocks.back().end = i;
      blocks.emplace_back();
      blocks.back().begin = i;
    }
    blockOf[i] = uint32_t(blocks.size() - 1);
  }
  blocks.back().end = uint32_t(body.size());
}

void Graph::connect(const Program &program, const std::vector<Inst> &body, bool isKernel) {
  auto edge = [&](uint32_t from, uint32_t instruction) {
    if (instruction >= body.size())
      return;
    uint32_t to = blockOf[instruction];
    blocks[from].successors.push_back(to);
    blocks[to].predecessors.push_back(from);
  };
  uint32_t last = none;
  for (uint32_t b = 0; b < blocks.size(); ++b) {
    const Inst &inst = body[blocks[b].end - 1];
    bool falls = isGuarded(inst, always_);
    if (isBranch(inst)) {
      edge(b, inst.target);
    } else if (isTableBranch(inst)) {
      std::vector<uint32_t> targets = program.branchTables[inst.target];
      std::sort(targets.begin(), targets.end());
      targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
      for (uint32_t target : targets)
        edge(b, target);
    } else if (isReturn(inst) || isExit(inst)) {
      bool counts = isKernel || isReturn(inst);
      // The synthetic return at the very end is usually unreachable: take it only if nothing else ends the
      // kernel.
      bool reachable = b == 0 || !blocks[b].predecessors.empty() || blocks[b].end != body.size();
      blocks[b].endsHere = counts && !isKernel;
      if (isKernel && reachable)
        last = b;
    } else {
      falls = true;
    }
    if (falls)
      edge(b, blocks[b].end);
  }
  if (isKernel && last != none)
    blocks[last].endsHere = true;
}

uint32_t Graph::intersect(uint32_t a, uint32_t b) const {
  while (a != b) {
    if (a == none || b == none)
      return none;
    if (order_[a] < order_[b])
      a = parent_[a];
    else
      b = parent_[b];
  }
  return a;
}

std::vector<uint32_t> Graph::meetingBlocks() {
  size_t count = blocks.size();
  // Postorder of the reversed graph from the end; blocks not reached lead to exits only.
  order_.assign(count, none);
  std::vector<uint32_t> postorder;
  std::vector<uint8_t> seen(count, 0);
  std::vector<std::pair<uint32_t, size_t>> stack;
  for (uint32_t b = 0; b < count; ++b) {
    if (!blocks[b].endsHere || seen[b])
      continue;
    seen[b] = 1;
    stack.push_back({b, 0});
    while (!stack.empty()) {
      auto &[block, next] = stack.back();
      if (next < blocks[block].predecessors.size()) {
        uint32_t predecessor = blocks[block].predecessors[next++];
        if (!seen[predecessor]) {
          seen[predecessor] = 1;
          stack.push_back({predecessor, 0});
        }
      } else {
        order_[block] = uint32_t(postorder.size());
        postorder.push_back(block);
        stack.pop_back();
      }
    }
  }
  parent_.assign(count, none);
  std::vector<uint8_t> known(count, 0);
  for (bool changed = true; changed;) {
    changed = false;
    for (auto it = postorder.rbegin(); it != postorder.rend(); ++it) {
      uint32_t block = *it, meet = none;
      bool first = true;
      if (!blocks[block].endsHere) {
        for (uint32_t successor : blocks[block].successors) {
          if (!seen[successor] || !known[successor])
            continue;
          meet = first ? successor : intersect(meet, successor);
          first = false;
        }
        if (first)
          continue;
      }
      if (!known[block] || parent_[block] != meet) {
        parent_[block] = meet;
        known[block] = 1;
        changed = true;
      }
    }
  }
  return parent_;
}

/// Whether lanes can part at `inst`, or wait for each other there.
bool canDiverge(const Inst &inst, Slot always) {
  return (isBranch(inst) && isGuarded(inst, always)) || isTableBranch(inst) || isReturn(inst) ||
         isExit(inst) || inst.kind == InstructionClass::Collective ||
         inst.kind == InstructionClass::Barrier || inst.kind == InstructionClass::Control;
}

} // namespace

void appendWithJoins(Program &program, std::vector<Inst> &body, bool isKernel,
                     const std::vector<uint32_t> &tables) {
  Graph graph(program, body, isKernel, tables);
  std::vector<uint32_t> meeting = graph.meetingBlocks();
  Slot always = body.back().guard;
  std::vector<uint8_t> needsJoin(graph.blocks.size(), 0);
  for (uint32_t i = 0; i < body.size(); ++i)
    if (uint32_t meet = meeting[graph.blockOf[i]]; meet != Graph::none && canDiverge(body[i], always))
      needsJoin[meet] = 1;
  uint32_t base = uint32_t(program.code.size());
  std::vector<uint32_t> blockStart(graph.blocks.size()), place(body.size() + 1);
  uint32_t next = base;
  for (uint32_t b = 0; b < graph.blocks.size(); ++b) {
    blockStart[b] = next;
    next += needsJoin[b];
    for (uint32_t i = graph.blocks[b].begin; i < graph.blocks[b].end; ++i)
      place[i] = next++;
  }
  for (uint32_t b = 0; b < graph.blocks.size(); ++b) {
    uint32_t meet = meeting[b] == Graph::none ? (isKernel ? noPc : returnPc) : blockStart[meeting[b]];
    if (needsJoin[b]) {
      Inst join;
      join.run = handleJoin;
      join.kind = InstructionClass::Control;
      join.flags = flagSynthetic;
      join.guard = always;
      join.origin = body[graph.blocks[b].begin].origin;
      program.code.push_back(join);
      program.reconverge.push_back(meet);
    }
    for (uint32_t i = graph.blocks[b].begin; i < graph.blocks[b].end; ++i) {
      Inst inst = body[i];
      if (isBranch(inst))
        inst.target = blockStart[graph.blockOf[inst.target]];
      program.code.push_back(inst);
      program.reconverge.push_back(meet);
    }
    if (isKernel && graph.blocks[b].endsHere)
      program.end = uint32_t(program.code.size() - 1);
  }
  for (uint32_t table : tables)
    for (uint32_t &target : program.branchTables[table])
      target = blockStart[graph.blockOf[target]];
}

} // namespace mv::ptxsim
