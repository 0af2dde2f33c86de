//===- ParseFunction.cpp - Function bodies and their operands -------*- C++ -*-===//

#include "PTXSim/PTX/ParserState.h"

#include <bit>

namespace mv::ptxsim::ptx {
namespace {

constexpr uint32_t maxRegisters = 1u << 20;
constexpr unsigned maxNesting = 64;

} // namespace

bool Parser::parseBody() {
  advance(); // {
  unsigned open = 1;
  while (open > 0) {
    if (token_.kind == Token::Kind::End)
      return failHere("'}' at the end of the function");
    if (accept('{')) {
      if (++open > maxNesting)
        return fail(token_.location, "scopes nested too deeply");
      NameScope scope;
      scope.index = uint32_t(function_->scopes.size());
      function_->scopes.push_back({names_.back().index, {}});
      names_.push_back(std::move(scope));
    } else if (accept('}')) {
      if (--open > 0)
        names_.pop_back();
    } else if (!parseStatement()) {
      return false;
    }
  }
  return true;
}

bool Parser::parseStatement() {
  if (accept(';'))
    return true;
  if (token_.kind == Token::Kind::Dotted)
    return parseBodyDirective();
  if (token_.kind == Token::Kind::Identifier && ahead_.is(':')) {
    std::string_view label = token_.text;
    Location location = token_.location;
    advance();
    advance();
    if (token_.isDotted("branchtargets") || token_.isDotted("callprototype") ||
        token_.isDotted("calltargets"))
      return parseLabelledDirective(label);
    auto &labels = function_->scopes[names_.back().index].labels;
    if (!labels.try_emplace(label, uint32_t(function_->body.size())).second)
      return fail(location, "label '" + std::string(label) + "' is defined twice");
    return true;
  }
  return parseInstruction();
}

bool Parser::skipToSemicolon() {
  while (!at(';')) {
    if (token_.kind == Token::Kind::End)
      return failHere("';'");
    advance();
  }
  advance();
  return true;
}

bool Parser::parseBodyDirective() {
  std::string_view directive = token_.text;
  Location location = token_.location;
  bool isExtern = false;
  advance();
  if (directive == "extern") {
    isExtern = true;
    directive = token_.text;
    if (token_.kind != Token::Kind::Dotted)
      return failHere("a state space");
    advance();
  }
  if (directive == "reg")
    return parseRegisters();
  if (directive == "loc")
    return parseLoc();
  if (directive == "pragma")
    return skipToSemicolon();
  if (directive == "file")
    return parseFile();
  Space space;
  if (directive == "local")
    space = Space::Local;
  else if (directive == "shared")
    space = Space::Shared;
  else if (directive == "param")
    space = Space::Param;
  else if (directive == "global" || directive == "const")
    return fail(location, "." + std::string(directive) + " inside a function is not supported",
                Error::UnsupportedPTX);
  else
    return fail(location, "unknown directive ." + std::string(directive));
  size_t first = function_->variables.size();
  if (!parseVariables(space, isExtern, false, function_->variables) || !expect(';'))
    return false;
  for (size_t i = first; i < function_->variables.size(); ++i) {
    const Variable &variable = function_->variables[i];
    if (!names_.back().variables.try_emplace(variable.name, uint32_t(i)).second)
      return fail(variable.location, "variable '" + std::string(variable.name) + "' is declared twice");
  }
  return true;
}

bool Parser::declareRegister(std::string_view name, Type type, uint64_t count, bool inRange,
                             Location location) {
  uint32_t first = uint32_t(function_->registers.size());
  if (count > maxRegisters - first)
    return fail(location, "more than " + std::to_string(maxRegisters) + " registers in a function");
  bool isNew = inRange ? names_.back().ranges.try_emplace(name, std::pair(first, uint32_t(count))).second
                       : names_.back().registers.try_emplace(name, first).second;
  if (!isNew)
    return fail(location, "register '" + std::string(name) + "' is declared twice");
  for (uint64_t i = 0; i < count; ++i)
    function_->registers.push_back({name, uint32_t(i), inRange, type});
  return true;
}

/// .reg .b32 %r<10>, %x;
bool Parser::parseRegisters() {
  if (token_.kind != Token::Kind::Dotted)
    return failHere("a register type");
  Type type = parseType(token_.text);
  if (type == Type::None)
    return fail(token_.location, "registers of type ." + std::string(token_.text) + " are not supported",
                Error::UnsupportedPTX);
  advance();
  do {
    std::string_view name;
    Location location = token_.location;
    if (!identifier(name, "a register name"))
      return false;
    uint64_t count = 1;
    bool inRange = accept('<');
    if (inRange && (!integer(count, "a register count") || !expect('>')))
      return false;
    if (!declareRegister(name, type, count, inRange, location))
      return false;
  } while (accept(','));
  return expect(';');
}

/// .loc FILE LINE COLUMN [, function_name LABEL [+ N], inlined_at FILE LINE COLUMN]
bool Parser::parseLoc() {
  uint64_t file = 0, line = 0, column = 0;
  if (!integer(file, "a file number") || !integer(line, "a line") || !integer(column, "a column"))
    return false;
  sourceFile_ = uint32_t(file);
  sourceLine_ = uint32_t(line);
  while (accept(',')) {
    std::string_view word, label;
    uint64_t ignored = 0;
    if (!identifier(word, "function_name or inlined_at"))
      return false;
    if (word == "function_name") {
      if (!identifier(label, "a label") || (accept('+') && !integer(ignored, "an offset")))
        return false;
    } else if (word == "inlined_at") {
      if (!integer(ignored, "a file number") || !integer(ignored, "a line") || !integer(ignored, "a column"))
        return false;
    } else {
      return fail(token_.location, "expected function_name or inlined_at");
    }
  }
  return true;
}

bool Parser::parseLabelledDirective(std::string_view label) {
  std::string_view directive = token_.text;
  advance();
  uint32_t scope = names_.back().index;
  if (directive == "callprototype") {
    Prototype prototype{label, scope, {}, {}};
    std::string_view ignored;
    if (at('(') && !parseParameterList(nullptr, prototype.results, nullptr))
      return false;
    if (!identifier(ignored, "_"))
      return false;
    if (at('(') && !parseParameterList(nullptr, prototype.parameters, nullptr))
      return false;
    function_->prototypes.push_back(std::move(prototype));
    return skipToSemicolon(); // .noreturn and the like.
  }
  BranchTargets targets{label, scope, {}};
  do {
    std::string_view target;
    if (!identifier(target, "a label"))
      return false;
    targets.targets.push_back(target);
  } while (accept(','));
  if (directive == "branchtargets")
    function_->branchTargets.push_back(std::move(targets));
  return expect(';');
}

bool Parser::parseInstruction() {
  Instruction instruction;
  instruction.location = token_.location;
  size_t begin = token_.begin;
  if (accept('@')) {
    instruction.guardNegated = accept('!');
    std::string_view name;
    Location location = token_.location;
    if (!identifier(name, "a predicate"))
      return false;
    instruction.guard = findRegister(name);
    if (instruction.guard < 0 || function_->registers[size_t(instruction.guard)].type != Type::Pred)
      return fail(location, "'" + std::string(name) + "' is not a predicate register");
  }
  if (!identifier(instruction.opcode, "an instruction"))
    return false;
  while (token_.kind == Token::Kind::Dotted) {
    instruction.modifiers.push_back(token_.text);
    advance();
  }
  instruction.scope = names_.back().index;
  instruction.sourceFile = sourceFile_;
  instruction.sourceLine = sourceLine_;
  if (!at(';')) {
    do {
      if (!parseOperand(instruction.operands.emplace_back()))
        return false;
    } while (accept(','));
  }
  if (!at(';'))
    return failHere("',' or ';' after an operand of '" + std::string(instruction.opcode) + "'");
  instruction.text = std::string_view(module_.text).substr(begin, token_.end - begin);
  advance();
  function_->body.push_back(std::move(instruction));
  return true;
}

bool Parser::parseOperand(Operand &operand) {
  if (depth_ > maxNesting)
    return fail(token_.location, "operand nested too deeply");
  ++depth_;
  bool done = parsePrimary(operand);
  if (done && at('|')) {
    Operand pair;
    pair.kind = Operand::Kind::Pair;
    pair.location = operand.location;
    pair.parts.push_back(std::move(operand));
    advance();
    done = parsePrimary(pair.parts.emplace_back());
    operand = std::move(pair);
  }
  --depth_;
  return done;
}

bool Parser::parsePrimary(Operand &operand) {
  operand.location = token_.location;
  if (at('['))
    return parseAddress(operand);
  if (at('{')) {
    operand.kind = Operand::Kind::Vector;
    return parseGroup(operand, '}');
  }
  if (at('(')) {
    operand.kind = Operand::Kind::List;
    return parseGroup(operand, ')');
  }
  if (at('!')) {
    advance();
    if (!parsePrimary(operand))
      return false;
    if (operand.kind != Operand::Kind::Register)
      return fail(operand.location, "'!' needs a predicate register");
    operand.negated = !operand.negated;
    return true;
  }
  if (token_.kind == Token::Kind::Identifier)
    return parseName(operand);
  return parseNumber(operand);
}

bool Parser::parseGroup(Operand &operand, char close) {
  if (depth_ > maxNesting)
    return fail(token_.location, "operand nested too deeply");
  advance();
  if (accept(close))
    return true;
  do {
    if (!parseOperand(operand.parts.emplace_back()))
      return false;
  } while (accept(','));
  return expect(close);
}

/// [%rd1], [%rd1+16], [%r1+-4], [symbol+8], [1024]; [map, {x, y}] keeps the rest as further parts.
bool Parser::parseAddress(Operand &operand) {
  operand.kind = Operand::Kind::Address;
  advance();
  if (!parseOperand(operand.parts.emplace_back()))
    return false;
  Operand &base = operand.parts[0];
  operand.offset = base.offset;
  base.offset = 0;
  if (at('+') || at('-')) {
    bool minus = at('-');
    advance();
    uint64_t value = 0;
    if (!constantExpression(value, 0, 0))
      return false;
    operand.offset = int64_t(uint64_t(operand.offset) + (minus ? 0 - value : value));
  }
  while (accept(','))
    if (!parseOperand(operand.parts.emplace_back()))
      return false;
  return expect(']');
}

bool Parser::parseName(Operand &operand) {
  operand.name = token_.text;
  if (operand.name == "_") {
    operand.kind = Operand::Kind::Sink;
    advance();
    return true;
  }
  if (int32_t index = findRegister(operand.name); index >= 0) {
    operand.kind = Operand::Kind::Register;
    operand.index = uint32_t(index);
    advance();
    return true;
  }
  if (operand.name[0] == '%') {
    operand.kind = Operand::Kind::Special;
    size_t begin = token_.begin + 1;
    size_t end = token_.end;
    advance();
    if (token_.kind == Token::Kind::Dotted && token_.begin == end) {
      end = token_.end;
      advance();
    }
    operand.name = std::string_view(module_.text).substr(begin, end - begin);
    return true;
  }
  if (operand.name == "WARP_SZ") {
    operand.kind = Operand::Kind::Integer;
    operand.bits = 32;
    advance();
    return true;
  }
  operand.kind = Operand::Kind::Symbol;
  operand.variable = findVariable(operand.name);
  advance();
  while (at('+') || at('-')) {
    bool minus = at('-');
    advance();
    uint64_t value = 0;
    if (!constantUnary(value, 0))
      return false;
    operand.offset = int64_t(uint64_t(operand.offset) + (minus ? 0 - value : value));
  }
  return true;
}

bool Parser::parseNumber(Operand &operand) {
  bool negative = at('-') && (ahead_.kind == Token::Kind::Float64 || ahead_.kind == Token::Kind::Float32);
  if (negative)
    advance();
  if (token_.kind == Token::Kind::Float32 || token_.kind == Token::Kind::Float64) {
    bool isDouble = token_.kind == Token::Kind::Float64;
    operand.kind = isDouble ? Operand::Kind::Float64 : Operand::Kind::Float32;
    operand.bits = token_.bits ^ (negative ? uint64_t(1) << (isDouble ? 63 : 31) : 0);
    advance();
    return true;
  }
  operand.kind = Operand::Kind::Integer;
  operand.negative = at('-');
  return constantExpression(operand.bits, 0, 0);
}

bool Parser::constantUnary(uint64_t &value, unsigned depth) {
  if (depth > maxNesting)
    return fail(token_.location, "expression nested too deeply");
  if (accept('-')) {
    bool done = constantUnary(value, depth + 1);
    value = 0 - value;
    return done;
  }
  if (accept('~')) {
    bool done = constantUnary(value, depth + 1);
    value = ~value;
    return done;
  }
  if (accept('+'))
    return constantUnary(value, depth + 1);
  if (accept('('))
    return constantExpression(value, 0, depth + 1) && expect(')');
  if (token_.kind == Token::Kind::Identifier && token_.text == "WARP_SZ") {
    value = 32;
    advance();
    return true;
  }
  return integer(value, "an operand");
}

/// Precedence climbing over the operators that constants use: * / % + - << >> & ^
bool Parser::constantExpression(uint64_t &value, unsigned minPrecedence, unsigned depth) {
  if (!constantUnary(value, depth))
    return false;
  while (token_.kind == Token::Kind::Punctuation) {
    char op = token_.text[0];
    unsigned precedence = op == '*' || op == '/' || op == '%' ? 5
                          : op == '+' || op == '-'            ? 4
                          : op == '<' || op == '>'            ? 3
                          : op == '&'                         ? 2
                          : op == '^'                         ? 1
                                                              : 0;
    if (precedence == 0 || precedence < minPrecedence)
      return true;
    if ((op == '<' || op == '>') && !(ahead_.is(op) && ahead_.begin == token_.end))
      return true;
    Location location = token_.location;
    advance();
    if (op == '<' || op == '>')
      advance();
    uint64_t right = 0;
    if (depth > maxNesting || !constantExpression(right, precedence + 1, depth + 1))
      return depth > maxNesting ? fail(location, "expression nested too deeply") : false;
    if ((op == '/' || op == '%') && right == 0)
      return fail(location, "division by zero in a constant expression");
    switch (op) {
    case '*':
      value *= right;
      break;
    case '/':
      value = right == ~uint64_t(0) ? 0 - value : uint64_t(int64_t(value) / int64_t(right));
      break;
    case '%':
      value = right == ~uint64_t(0) ? 0 : uint64_t(int64_t(value) % int64_t(right));
      break;
    case '+':
      value += right;
      break;
    case '-':
      value -= right;
      break;
    case '<':
      value = right > 63 ? 0 : value << right;
      break;
    case '>':
      value = right > 63 ? 0 : value >> right;
      break;
    case '&':
      value &= right;
      break;
    default:
      value ^= right;
      break;
    }
  }
  return true;
}

int32_t Parser::findRegister(std::string_view name) const {
  for (auto scope = names_.rbegin(); scope != names_.rend(); ++scope) {
    if (auto found = scope->registers.find(name); found != scope->registers.end())
      return int32_t(found->second);
    // %rd12: every way to split off a number without leading zeros.
    uint64_t number = 0, weight = 1;
    for (size_t split = name.size(); split-- > 1 && name.size() - split <= 7;) {
      char digit = name[split];
      if (digit < '0' || digit > '9')
        break;
      number += uint64_t(digit - '0') * weight;
      weight *= 10;
      if (digit == '0' && split + 1 != name.size())
        continue;
      auto range = scope->ranges.find(name.substr(0, split));
      if (range != scope->ranges.end() && number < range->second.second)
        return int32_t(range->second.first + number);
    }
  }
  return -1;
}

int32_t Parser::findVariable(std::string_view name) const {
  for (auto scope = names_.rbegin(); scope != names_.rend(); ++scope)
    if (auto found = scope->variables.find(name); found != scope->variables.end())
      return int32_t(found->second);
  return -1;
}

} // namespace mv::ptxsim::ptx
