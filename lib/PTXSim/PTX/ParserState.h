//===- ParserState.h - The parser's class, shared by its files ------*- C++ -*-===//
//
// Recursive descent over one token of lookahead (two where a label must be told from an opcode). Every parse
// function returns false after the first error, which `error_` then holds.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_PTXSIM_PTX_PARSERSTATE_H
#define MV_LIB_PTXSIM_PTX_PARSERSTATE_H

#include "PTXSim/PTX/Lexer.h"
#include "mv/PTXSim/Result.h"

#include <map>
#include <string>
#include <vector>

namespace mv::ptxsim::ptx {

class Parser {
public:
  Parser(Module &module, std::string_view name);
  Result run();

private:
  // Tokens and errors.
  void advance();
  bool at(char punctuation) const { return token_.is(punctuation); }
  bool accept(char punctuation);
  bool expect(char punctuation);
  bool acceptDotted(std::string_view name);
  bool identifier(std::string_view &name, std::string_view what);
  bool integer(uint64_t &value, std::string_view what);
  bool fail(Location location, std::string message, Error error = Error::InvalidPTX);
  bool failHere(std::string_view expected);

  // Module level (ParseModule.cpp).
  bool parseVersion();
  bool parseTarget();
  bool parseFile();
  bool skipSection();
  bool parseModuleItem();
  bool parseAlias();
  bool parseFunction(bool isEntry, bool isExtern, bool isWeak);
  bool parsePerformanceDirectives(Function &function);
  bool parseDimensions(uint32_t (&dimensions)[3]);
  bool addFunction(Function function);

  // Variables (ParseVariable.cpp).
  bool parseVariables(Space space, bool isExtern, bool isWeak, std::vector<Variable> &into);
  bool parseVariableType(Variable &variable);
  bool parseDeclarator(Variable &variable);
  bool parseInitializer(Variable &variable, unsigned depth);
  bool parseInitialValue(Variable &variable);
  bool parseParameterList(Function *function, std::vector<Variable> &into, std::vector<uint32_t> *indices);
  bool parseAttribute(Variable &variable);

  // Function bodies (ParseFunction.cpp).
  bool parseBody();
  bool parseStatement();
  bool parseBodyDirective();
  bool parseRegisters();
  bool parseLoc();
  bool parseLabelledDirective(std::string_view label);
  bool parseInstruction();
  bool parseOperand(Operand &operand);
  bool parsePrimary(Operand &operand);
  bool parseAddress(Operand &operand);
  bool parseGroup(Operand &operand, char close);
  bool parseName(Operand &operand);
  bool parseNumber(Operand &operand);
  bool constantExpression(uint64_t &value, unsigned minPrecedence, unsigned depth);
  bool constantUnary(uint64_t &value, unsigned depth);
  bool skipToSemicolon();
  int32_t findRegister(std::string_view name) const;
  int32_t findVariable(std::string_view name) const;
  bool declareRegister(std::string_view name, Type type, uint64_t count, bool inRange, Location location);

  struct NameScope {
    std::map<std::string_view, uint32_t> registers, variables;
    std::map<std::string_view, std::pair<uint32_t, uint32_t>> ranges; ///< Prefix to first index and count.
    uint32_t index = 0;                                               ///< Into Function::scopes.
  };

  Module &module_;
  std::string name_;
  Lexer lexer_;
  Token token_, ahead_;
  Result error_;
  Function *function_ = nullptr;
  std::vector<NameScope> names_;
  uint32_t sourceFile_ = 0, sourceLine_ = 0;
  unsigned depth_ = 0;
};

} // namespace mv::ptxsim::ptx

#endif // MV_LIB_PTXSIM_PTX_PARSERSTATE_H
