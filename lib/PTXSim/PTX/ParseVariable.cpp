//===- ParseVariable.cpp - Variables, parameters and initialisers ---*- C++ -*-===//

#include "PTXSim/PTX/ParserState.h"

#include <bit>

namespace mv::ptxsim::ptx {
namespace {

constexpr uint64_t maxVariableBytes = uint64_t(1) << 36;

uint64_t convertFloat(Type type, uint64_t bits, bool isSingle) {
  double value = isSingle ? double(std::bit_cast<float>(uint32_t(bits))) : std::bit_cast<double>(bits);
  if (type == Type::F32 || (type == Type::B32 && isSingle))
    return isSingle ? bits : std::bit_cast<uint32_t>(float(value));
  return std::bit_cast<uint64_t>(value);
}

} // namespace

/// .attribute(.managed) and .attribute(.unified(…))
bool Parser::parseAttribute(Variable &variable) {
  if (!expect('('))
    return false;
  for (unsigned depth = 1; depth > 0; advance()) {
    if (token_.kind == Token::Kind::End)
      return failHere("')'");
    variable.isManaged |= token_.isDotted("managed");
    depth += at('(') ? 1 : at(')') ? -1 : 0;
  }
  return true;
}

/// Everything dotted between the space and the name: alignment, attributes, vector, type, `.ptr .global
/// .align 16`.
bool Parser::parseVariableType(Variable &variable) {
  unsigned vector = 1;
  bool hasType = false, isPointer = false;
  while (token_.kind == Token::Kind::Dotted) {
    std::string_view word = token_.text;
    Location location = token_.location;
    advance();
    if (word == "align") {
      uint64_t alignment = 0;
      if (!integer(alignment, "an alignment"))
        return false;
      if (!std::has_single_bit(alignment) || alignment > 4096)
        return fail(location, "alignment " + std::to_string(alignment) + " is not a power of two up to 4096");
      if (!isPointer)
        variable.alignment = alignment;
    } else if (word == "attribute") {
      if (!parseAttribute(variable))
        return false;
    } else if (word == "v2" || word == "v4" || word == "v8") {
      vector = unsigned(word[1] - '0');
    } else if (word == "ptr") {
      isPointer = true;
    } else if (isPointer && (word == "global" || word == "shared" || word == "const" || word == "local")) {
      continue;
    } else if (Type type = parseType(word); type != Type::None && type != Type::Pred) {
      variable.type = type;
      hasType = true;
    } else if (word == "pred") {
      return fail(location, "a variable in memory cannot be a predicate");
    } else {
      return fail(location, "variables of type ." + std::string(word) + " are not supported",
                  Error::UnsupportedPTX);
    }
  }
  if (!hasType)
    return failHere("a type");
  variable.elementBytes = uint64_t(typeBytes(variable.type)) * vector;
  variable.alignment = std::max(variable.alignment, std::min<uint64_t>(variable.elementBytes, 16));
  return true;
}

bool Parser::parseDeclarator(Variable &variable) {
  variable.location = token_.location;
  if (!identifier(variable.name, "a variable name"))
    return false;
  variable.bytes = variable.elementBytes;
  bool unbounded = false;
  while (accept('[')) {
    if (accept(']')) {
      unbounded = true;
      continue;
    }
    uint64_t count = 0;
    if (!constantExpression(count, 0, 0) || !expect(']'))
      return false;
    if (count != 0 && variable.bytes > maxVariableBytes / count)
      return fail(variable.location, "variable '" + std::string(variable.name) + "' is too large");
    variable.bytes *= count;
  }
  if (unbounded)
    variable.bytes = 0;
  if (accept('=')) {
    variable.hasInitial = true;
    if (!parseInitializer(variable, 0))
      return false;
    uint64_t given = variable.initial.size() * typeBytes(variable.type);
    if (unbounded)
      variable.bytes = given;
    if (given > variable.bytes)
      return fail(variable.location, "initialiser of '" + std::string(variable.name) + "' has " +
                                         std::to_string(given) + " bytes, the variable " +
                                         std::to_string(variable.bytes));
  }
  return true;
}

bool Parser::parseInitializer(Variable &variable, unsigned depth) {
  if (!at('{'))
    return parseInitialValue(variable);
  if (depth > 8)
    return fail(token_.location, "initialiser nested too deeply");
  advance();
  if (accept('}'))
    return true;
  do {
    if (!parseInitializer(variable, depth + 1))
      return false;
  } while (accept(','));
  return expect('}');
}

/// A number, `symbol`, `symbol+8`, `generic(symbol)+8`, or `0xFF00(generic(symbol)+8)`: one byte of an
/// address.
bool Parser::parseInitialValue(Variable &variable) {
  InitialValue value;
  bool masked = token_.kind == Token::Kind::Integer && ahead_.is('(');
  if (masked) {
    value.mask = token_.bits;
    value.shift = value.mask ? unsigned(std::countr_zero(value.mask)) : 0;
    advance();
    advance();
  }
  bool negative =
      !masked && at('-') && (ahead_.kind == Token::Kind::Float32 || ahead_.kind == Token::Kind::Float64);
  if (negative)
    advance();
  if (token_.kind == Token::Kind::Float32 || token_.kind == Token::Kind::Float64) {
    value.bits = convertFloat(variable.type, token_.bits, token_.kind == Token::Kind::Float32);
    if (negative)
      value.bits ^= uint64_t(1) << (typeBits(variable.type) - 1);
    advance();
  } else if (token_.kind == Token::Kind::Identifier) {
    bool generic = token_.text == "generic";
    if (generic && (advance(), !expect('(')))
      return false;
    if (!identifier(value.symbol, "a symbol") || (generic && !expect(')')))
      return false;
    if (at('+') || at('-')) {
      bool minus = at('-');
      advance();
      if (!constantExpression(value.bits, 0, 0))
        return false;
      value.bits = minus ? 0 - value.bits : value.bits;
    }
  } else if (!constantExpression(value.bits, 0, 0)) {
    return false;
  }
  if (masked && !expect(')'))
    return false;
  if (variable.initial.size() > (size_t(1) << 28))
    return fail(variable.location, "initialiser too long");
  variable.initial.push_back(value);
  return true;
}

bool Parser::parseVariables(Space space, bool isExtern, bool isWeak, std::vector<Variable> &into) {
  Variable prototype;
  prototype.space = space;
  prototype.isExtern = isExtern;
  prototype.isWeak = isWeak;
  if (!parseVariableType(prototype))
    return false;
  do {
    Variable variable = prototype;
    if (!parseDeclarator(variable))
      return false;
    into.push_back(std::move(variable));
  } while (accept(','));
  return true;
}

/// ( .param .b32 a, .reg .f32 %f1, … ). With a function, names are entered into its outermost scope.
bool Parser::parseParameterList(Function *function, std::vector<Variable> &into,
                                std::vector<uint32_t> *indices) {
  if (!expect('('))
    return false;
  if (accept(')'))
    return true;
  do {
    Variable variable;
    variable.location = token_.location;
    bool isRegister = acceptDotted("reg");
    if (!isRegister && !acceptDotted("param"))
      return failHere(".param or .reg");
    variable.space = isRegister ? Space::Register : Space::Param;
    if (!parseVariableType(variable) || !parseDeclarator(variable))
      return false;
    if (isRegister && function) {
      variable.reg = int32_t(function->registers.size());
      if (!declareRegister(variable.name, variable.type, 1, false, variable.location))
        return false;
    } else if (function &&
               !names_.back().variables.try_emplace(variable.name, uint32_t(into.size())).second) {
      return fail(variable.location, "parameter '" + std::string(variable.name) + "' is declared twice");
    }
    if (indices)
      indices->push_back(uint32_t(into.size()));
    into.push_back(std::move(variable));
  } while (accept(','));
  return expect(')');
}

} // namespace mv::ptxsim::ptx
