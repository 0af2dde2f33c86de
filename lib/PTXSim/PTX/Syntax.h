//===- Syntax.h - A PTX module as it was written --------------------*- C++ -*-===//
//
// What the parser makes: declarations and instructions with their operands, names resolved as far as scoping
// goes. Opcodes and modifiers stay text; Machine's decoders give them meaning, one file per class of
// instruction, so that a modifier nobody knows is an error that names it. Text is held as views into
// Module::text.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_PTXSIM_PTX_SYNTAX_H
#define MV_LIB_PTXSIM_PTX_SYNTAX_H

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mv::ptxsim::ptx {

struct Location {
  uint32_t line = 0, column = 0;
};

enum class Type : uint8_t {
  None,
  Pred,
  B8,
  B16,
  B32,
  B64,
  B128,
  U8,
  U16,
  U32,
  U64,
  S8,
  S16,
  S32,
  S64,
  F16,
  F16x2,
  BF16,
  BF16x2,
  TF32,
  F32,
  F64,
  U16x2,
  S16x2,
  E4M3x2,
  E5M2x2,
  E4M3,
  E5M2,
};

/// Type::None when `name` (without its dot) is no type.
Type parseType(std::string_view name);
std::string_view typeName(Type type);
/// Bits of a value; 1 for predicates.
unsigned typeBits(Type type);
inline unsigned typeBytes(Type type) { return typeBits(type) / 8; }
bool isSigned(Type type);
bool isFloat(Type type);
inline bool isBits(Type type) { return type >= Type::B8 && type <= Type::B128; }

enum class Space : uint8_t { Generic, Register, Global, Shared, Local, Const, Param };
std::string_view spaceName(Space space);

struct Operand {
  enum class Kind : uint8_t {
    Register, ///< `index` into Function::registers; `negated` for !%p.
    Special,  ///< %tid.x and the like: `name` without the percent sign.
    Integer,  ///< `bits`.
    Float32,  ///< 0fXXXXXXXX: `bits`.
    Float64,  ///< 0dXXXX or 1.5: `bits` of the double.
    Symbol,   ///< A label, variable or function: `name`, plus `offset`.
    Address,  ///< [base + offset]; parts[0] is the base (Register, Symbol or Integer).
    Vector,   ///< {a, b, …}: parts.
    List,     ///< (a, b, …) of a call: parts.
    Sink,     ///< _
    Pair,     ///< a|b: parts.
  };
  Kind kind = Kind::Sink;
  bool negated = false;
  bool negative = false; ///< Integer: was written with a minus sign.
  uint32_t index = 0;
  int32_t variable =
      -1; ///< Symbol: index into Function::variables, or -1 for a name of the module or a label.
  uint64_t bits = 0;
  int64_t offset = 0;
  std::string_view name;
  std::vector<Operand> parts;
  Location location;
};

struct Instruction {
  std::string_view opcode;                 ///< "ld"
  std::vector<std::string_view> modifiers; ///< "global", "v2", "f32"
  int32_t guard = -1;                      ///< Register of @p, or -1.
  bool guardNegated = false;
  std::vector<Operand> operands;
  uint32_t scope = 0;                      ///< For labels, see Function::scopes.
  uint32_t sourceFile = 0, sourceLine = 0; ///< The .loc in force; 0: none.
  Location location;
  std::string_view text;

  bool has(std::string_view modifier) const;
};

/// A value of an initialiser: bytes, or the address of a symbol.
struct InitialValue {
  uint64_t bits = 0;
  std::string_view
      symbol; ///< Empty for a plain number; else its generic address plus bits, shifted right and masked.
  unsigned shift = 0;
  uint64_t mask = ~uint64_t(0);
};

struct Variable {
  std::string_view name;
  Space space = Space::Global;
  Type type = Type::B8;
  uint64_t elementBytes = 1; ///< Of one array element, vectors included.
  uint64_t bytes = 0;        ///< 0 for an extern array without bound.
  uint64_t alignment = 1;
  bool isExtern = false, isWeak = false, isManaged = false;
  int32_t reg = -1; ///< Space::Register: a parameter in a register, index into Function::registers.
  std::vector<InitialValue> initial; ///< Scalars in order; the rest is zero.
  bool hasInitial = false;
  Location location;
};

struct Register {
  std::string_view name; ///< As declared; members of a range share the prefix.
  uint32_t number = 0;   ///< Within the range.
  bool inRange = false;
  Type type = Type::B32;
};

struct Scope {
  uint32_t parent = 0;
  std::map<std::string_view, uint32_t> labels; ///< To an index into Function::body.
};

/// `.branchtargets` and `.callprototype`, by label.
struct BranchTargets {
  std::string_view label;
  uint32_t scope = 0;
  std::vector<std::string_view> targets;
};
struct Prototype {
  std::string_view label;
  uint32_t scope = 0;
  std::vector<Variable> results, parameters;
};

struct Function {
  std::string_view name;
  bool isEntry = false;
  bool isDefined = false;
  bool isExtern = false, isWeak = false;
  std::vector<uint32_t> results, parameters; ///< Indices into variables.
  std::vector<Register> registers;
  std::vector<Variable> variables; ///< .param, .local, .shared of the function.
  std::vector<Instruction> body;
  std::vector<Scope> scopes; ///< scopes[0] is the body.
  std::vector<BranchTargets> branchTargets;
  std::vector<Prototype> prototypes;
  uint32_t maxThreads = 0; ///< .maxntid's product.
  uint32_t requiredBlock[3] = {0, 0, 0};
  uint32_t minBlocks = 0;
  Location location;
};

struct Module {
  std::string text;
  uint32_t version = 0; ///< 10 * major + minor.
  uint32_t target = 0;  ///< 80 for sm_80.
  uint32_t addressBits = 64;
  std::vector<Variable> variables;
  std::vector<Function> functions;
  std::map<std::string_view, uint32_t> functionIndex, variableIndex;
  std::map<std::string_view, std::string_view> aliases; ///< .alias name, target
  std::map<uint32_t, std::string> files;
};

} // namespace mv::ptxsim::ptx

#endif // MV_LIB_PTXSIM_PTX_SYNTAX_H
