//===- Syntax.cpp - Names and sizes of PTX types --------------------*- C++ -*-===//

#include "PTXSim/PTX/Syntax.h"

#include <algorithm>
#include <iterator>

namespace mv::ptxsim::ptx {
namespace {

struct TypeFacts {
  std::string_view name;
  unsigned bits;
};

// In the order of Type.
constexpr TypeFacts typeFacts[] = {
    {"none", 0}, {"pred", 1},   {"b8", 8},     {"b16", 16},    {"b32", 32},    {"b64", 64},  {"b128", 128},
    {"u8", 8},   {"u16", 16},   {"u32", 32},   {"u64", 64},    {"s8", 8},      {"s16", 16},  {"s32", 32},
    {"s64", 64}, {"f16", 16},   {"f16x2", 32}, {"bf16", 16},   {"bf16x2", 32}, {"tf32", 32}, {"f32", 32},
    {"f64", 64}, {"u16x2", 32}, {"s16x2", 32}, {"e4m3x2", 16}, {"e5m2x2", 16}, {"e4m3", 8},  {"e5m2", 8},
};
static_assert(std::size(typeFacts) == unsigned(Type::E5M2) + 1);

} // namespace

Type parseType(std::string_view name) {
  for (unsigned i = 1; i < std::size(typeFacts); ++i)
    if (typeFacts[i].name == name)
      return Type(i);
  return Type::None;
}

std::string_view typeName(Type type) { return typeFacts[unsigned(type)].name; }
unsigned typeBits(Type type) { return typeFacts[unsigned(type)].bits; }

bool isSigned(Type type) {
  return type == Type::S8 || type == Type::S16 || type == Type::S32 || type == Type::S64;
}

bool isFloat(Type type) { return type >= Type::F16 && type <= Type::F64; }

std::string_view spaceName(Space space) {
  constexpr std::string_view names[] = {"generic", "register", "global", "shared", "local", "const", "param"};
  return names[unsigned(space)];
}

bool Instruction::has(std::string_view modifier) const {
  return std::find(modifiers.begin(), modifiers.end(), modifier) != modifiers.end();
}

} // namespace mv::ptxsim::ptx
