//===- Unsupported.cpp - Instructions refused by name ---------------*- C++ -*-===//

#include "PTXSim/Machine/Handlers.h"

namespace mv::ptxsim {

static bool refuse(Decoder &decoder, const ptx::Instruction &instruction) {
  std::string name(instruction.opcode);
  for (size_t i = 0; i < instruction.modifiers.size() && i < 2; ++i)
    name += "." + std::string(instruction.modifiers[i]);
  return decoder.unsupported(instruction, "'" + name + "'");
}

/// Hopper's and Blackwell's asynchronous units, textures and surfaces, video instructions.
void addUnsupportedDecoders(DecoderTable &table) {
  for (std::string_view opcode : {"wgmma",      "tcgen05",   "setmaxnreg", "mapa",
                                  "getctarank", "tensormap", "multimem",   "clusterlaunchcontrol",
                                  "cp.reduce",  "istypep",   "tex",        "tld4",
                                  "txq",        "suld",      "sust",       "sured",
                                  "suq",        "vadd",      "vsub",       "vabsdiff",
                                  "vmin",       "vmax",      "vshl",       "vshr",
                                  "vmad",       "vset",      "vadd2",      "vsub2",
                                  "vavrg2",     "vabsdiff2", "vmin2",      "vmax2",
                                  "vset2",      "vadd4",     "vsub4",      "vavrg4",
                                  "vabsdiff4",  "vmin4",     "vmax4",      "vset4",
                                  "st.async",   "st.bulk",   "fns",        "szext"})
    table[opcode] = refuse;
}

} // namespace mv::ptxsim
