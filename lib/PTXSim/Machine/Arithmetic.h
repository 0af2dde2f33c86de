//===- Arithmetic.h - Opcodes shared by integers and floats ---------*- C++ -*-===//

#ifndef MV_LIB_PTXSIM_MACHINE_ARITHMETIC_H
#define MV_LIB_PTXSIM_MACHINE_ARITHMETIC_H

#include "PTXSim/Machine/Handlers.h"

namespace mv::ptxsim {

/// The last modifier that is a type: what an arithmetic instruction works on.
ptx::Type instructionType(const ptx::Instruction &instruction);

// One function per family and opcode set; `add`, `mul`, … dispatch on the type.
bool decodeInteger(Decoder &decoder, const ptx::Instruction &instruction, ptx::Type type);
bool decodeFloat(Decoder &decoder, const ptx::Instruction &instruction, ptx::Type type);
bool decodeHalf(Decoder &decoder, const ptx::Instruction &instruction, ptx::Type type);

/// Emits an instruction of `count` sources, all of one type, into operand 0.
bool emitArithmetic(Decoder &decoder, const ptx::Instruction &instruction, Handler handler,
                    InstructionClass kind, ptx::Type type, unsigned count);

} // namespace mv::ptxsim

#endif // MV_LIB_PTXSIM_MACHINE_ARITHMETIC_H
