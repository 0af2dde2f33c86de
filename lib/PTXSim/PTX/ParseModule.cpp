//===- ParseModule.cpp - Directives and declarations of a module ----*- C++ -*-===//

#include "PTXSim/PTX/Parser.h"
#include "PTXSim/PTX/ParserState.h"

#include <charconv>

namespace mv::ptxsim::ptx {

Parser::Parser(Module &module, std::string_view name) : module_(module), name_(name), lexer_(module.text) {
  ahead_ = lexer_.next();
  advance();
}

void Parser::advance() {
  token_ = ahead_;
  ahead_ = lexer_.next();
}

bool Parser::fail(Location location, std::string message, Error error) {
  if (error_.ok())
    error_ = Result(error, name_ + ":" + std::to_string(location.line) + ":" +
                               std::to_string(location.column) + ": " + message);
  return false;
}

bool Parser::failHere(std::string_view expected) {
  if (token_.kind == Token::Kind::Invalid)
    return fail(token_.location, std::string(token_.text));
  std::string found = token_.kind == Token::Kind::End ? "the end of the text"
                                                      : "'" + std::string(token_.text.substr(0, 60)) + "'";
  return fail(token_.location, "expected " + std::string(expected) + ", found " + found);
}

bool Parser::accept(char punctuation) {
  if (!at(punctuation))
    return false;
  advance();
  return true;
}

bool Parser::expect(char punctuation) {
  return accept(punctuation) || failHere(std::string("'") + punctuation + "'");
}

bool Parser::acceptDotted(std::string_view name) {
  if (!token_.isDotted(name))
    return false;
  advance();
  return true;
}

bool Parser::identifier(std::string_view &name, std::string_view what) {
  if (token_.kind != Token::Kind::Identifier)
    return failHere(what);
  name = token_.text;
  advance();
  return true;
}

bool Parser::integer(uint64_t &value, std::string_view what) {
  if (token_.kind != Token::Kind::Integer)
    return failHere(what);
  value = token_.bits;
  advance();
  return true;
}

Result Parser::run() {
  while (error_.ok() && token_.kind != Token::Kind::End)
    if (!parseModuleItem())
      break;
  if (error_.ok() && module_.version == 0)
    fail({1, 1}, "no .version directive: not a PTX module");
  return error_;
}

bool Parser::parseVersion() {
  Location location = token_.location;
  if (token_.kind != Token::Kind::Float64)
    return failHere("a version such as 8.0");
  std::string_view text(module_.text.data() + token_.begin, token_.end - token_.begin);
  unsigned major = 0, minor = 0;
  size_t point = text.find('.');
  if (point == std::string_view::npos)
    return failHere("a version such as 8.0");
  std::from_chars(text.data(), text.data() + point, major);
  std::from_chars(text.data() + point + 1, text.data() + text.size(), minor);
  advance();
  if (major > 9 || (major == 9 && minor > 9) || major < 3)
    return fail(location, "PTX version " + std::string(text) + " is not known: expected 3.0 to 9.9",
                Error::UnsupportedVersion);
  module_.version = major * 10 + minor;
  return true;
}

bool Parser::parseTarget() {
  do {
    std::string_view name;
    Location location = token_.location;
    if (!identifier(name, "a target such as sm_80"))
      return false;
    if (name.starts_with("sm_")) {
      unsigned number = 0;
      std::from_chars(name.data() + 3, name.data() + name.size(), number);
      if (number < 20)
        return fail(location, "target " + std::string(name) + " is not known", Error::UnsupportedVersion);
      module_.target = number;
    } else if (name == "texmode_independent" || name == "texmode_unified" || name == "debug" ||
               name == "map_f64_to_f32") {
      continue;
    } else {
      return fail(location, "target " + std::string(name) + " is not known", Error::UnsupportedVersion);
    }
  } while (accept(','));
  return true;
}

bool Parser::parseFile() {
  uint64_t number = 0;
  if (!integer(number, "a file number"))
    return false;
  if (token_.kind != Token::Kind::String)
    return failHere("a file name");
  module_.files[uint32_t(number)] = std::string(token_.text);
  advance();
  while (accept(',')) { // Time stamp and size.
    uint64_t ignored;
    if (!integer(ignored, "a number"))
      return false;
  }
  return true;
}

/// Debug sections are data for debuggers: skipped whole.
bool Parser::skipSection() {
  if (token_.kind != Token::Kind::Dotted && token_.kind != Token::Kind::Identifier)
    return failHere("a section name");
  advance();
  if (!expect('{'))
    return false;
  for (unsigned depth = 1; depth > 0; advance()) {
    if (token_.kind == Token::Kind::End)
      return failHere("'}' at the end of the section");
    depth += at('{') ? 1 : at('}') ? -1 : 0;
  }
  return true;
}

bool Parser::parseAlias() {
  std::string_view name, target;
  if (!identifier(name, "a function") || !expect(',') || !identifier(target, "a function") || !expect(';'))
    return false;
  module_.aliases[name] = target;
  return true;
}

bool Parser::parseModuleItem() {
  if (accept(';'))
    return true;
  if (token_.kind != Token::Kind::Dotted)
    return failHere("a directive");
  bool isExtern = false, isWeak = false;
  for (;;) {
    if (acceptDotted("visible"))
      continue;
    if (acceptDotted("extern"))
      isExtern = true;
    else if (acceptDotted("weak") || acceptDotted("common"))
      isWeak = true;
    else
      break;
  }
  Location location = token_.location;
  std::string_view directive = token_.text;
  if (token_.kind != Token::Kind::Dotted)
    return failHere("a directive");
  advance();
  if (directive == "version")
    return parseVersion();
  if (directive == "target")
    return parseTarget();
  if (directive == "address_size") {
    uint64_t bits = 0;
    if (!integer(bits, "32 or 64"))
      return false;
    if (bits != 64)
      return fail(location, "address size " + std::to_string(bits) + " is not supported: only 64",
                  Error::UnsupportedPTX);
    return true;
  }
  if (directive == "file")
    return parseFile();
  if (directive == "section")
    return skipSection();
  if (directive == "loc")
    return parseLoc();
  if (directive == "pragma")
    return skipToSemicolon();
  if (directive == "alias")
    return parseAlias();
  if (directive == "entry" || directive == "func")
    return parseFunction(directive == "entry", isExtern, isWeak);
  Space space;
  if (directive == "global")
    space = Space::Global;
  else if (directive == "const")
    space = Space::Const;
  else if (directive == "shared")
    space = Space::Shared;
  else if (directive == "local")
    space = Space::Local;
  else if (directive == "param" || directive == "tex" || directive == "reg")
    return fail(location, "." + std::string(directive) + " at module level is not supported",
                Error::UnsupportedPTX);
  else
    return fail(location, "unknown directive ." + std::string(directive));
  size_t first = module_.variables.size();
  if (!parseVariables(space, isExtern, isWeak, module_.variables) || !expect(';'))
    return false;
  for (size_t i = first; i < module_.variables.size(); ++i) {
    auto [slot, isNew] = module_.variableIndex.try_emplace(module_.variables[i].name, uint32_t(i));
    bool replaces = !isNew && module_.variables[slot->second].isExtern;
    if (!isNew && !replaces && !module_.variables[i].isExtern)
      return fail(module_.variables[i].location,
                  "variable '" + std::string(slot->first) + "' is defined twice");
    if (replaces)
      slot->second = uint32_t(i);
  }
  return true;
}

bool Parser::addFunction(Function function) {
  auto [slot, isNew] = module_.functionIndex.try_emplace(function.name, uint32_t(module_.functions.size()));
  if (isNew) {
    module_.functions.push_back(std::move(function));
    return true;
  }
  Function &earlier = module_.functions[slot->second];
  if (earlier.isDefined && function.isDefined)
    return fail(function.location, "function '" + std::string(function.name) + "' is defined twice");
  if (function.isDefined)
    earlier = std::move(function);
  return true;
}

bool Parser::parseFunction(bool isEntry, bool isExtern, bool isWeak) {
  Function function;
  function.isEntry = isEntry;
  function.isExtern = isExtern;
  function.isWeak = isWeak;
  function.location = token_.location;
  function.scopes.emplace_back();
  names_.assign(1, {});
  function_ = &function;
  sourceFile_ = sourceLine_ = 0;
  Variable ignored;
  if (token_.isDotted("attribute") && (advance(), !parseAttribute(ignored)))
    return false;
  if (!isEntry && at('(') && !parseParameterList(&function, function.variables, &function.results))
    return false;
  if (!identifier(function.name, "a function name"))
    return false;
  if (at('(') && !parseParameterList(&function, function.variables, &function.parameters))
    return false;
  if (!parsePerformanceDirectives(function))
    return false;
  if (at('{')) {
    function.isDefined = true;
    if (!parseBody())
      return false;
  } else if (!expect(';')) {
    return false;
  }
  function_ = nullptr;
  return addFunction(std::move(function));
}

bool Parser::parseDimensions(uint32_t (&dimensions)[3]) {
  unsigned count = 0;
  do {
    uint64_t value = 0;
    Location location = token_.location;
    if (!integer(value, "a block dimension"))
      return false;
    if (value == 0 || value > 1u << 20 || count == 3)
      return fail(location, "block dimension out of range");
    dimensions[count++] = uint32_t(value);
  } while (accept(','));
  while (count < 3)
    dimensions[count++] = 1;
  return true;
}

bool Parser::parsePerformanceDirectives(Function &function) {
  while (token_.kind == Token::Kind::Dotted) {
    std::string_view name = token_.text;
    Location location = token_.location;
    advance();
    uint32_t dimensions[3] = {1, 1, 1};
    uint64_t value = 0;
    if (name == "maxntid" || name == "reqntid") {
      if (!parseDimensions(dimensions))
        return false;
      uint64_t threads = uint64_t(dimensions[0]) * dimensions[1] * dimensions[2];
      if (threads > 1024)
        return fail(location, "." + std::string(name) + " asks for " + std::to_string(threads) +
                                  " threads: at most 1024");
      function.maxThreads = uint32_t(threads);
      if (name == "reqntid")
        std::copy(dimensions, dimensions + 3, function.requiredBlock);
    } else if (name == "minnctapersm" || name == "maxnctapersm" || name == "maxnreg" ||
               name == "abi_preserve" || name == "abi_preserve_control") {
      if (!integer(value, "a number"))
        return false;
      if (name == "minnctapersm")
        function.minBlocks = uint32_t(value);
    } else if (name == "reqnctapercluster") {
      if (!parseDimensions(dimensions))
        return false;
      if (uint64_t(dimensions[0]) * dimensions[1] * dimensions[2] != 1)
        return fail(location, "clusters of more than one block are not supported (.reqnctapercluster)",
                    Error::UnsupportedPTX);
    } else if (name == "maxclusterrank") {
      if (!integer(value, "a number"))
        return false;
    } else if (name == "explicitcluster" || name == "blocksareclusters") {
      return fail(location, "clusters are not supported (." + std::string(name) + ")", Error::UnsupportedPTX);
    } else if (name == "pragma") {
      if (!skipToSemicolon())
        return false;
    } else if (name != "noreturn") {
      return fail(location, "unknown directive ." + std::string(name));
    }
  }
  return true;
}

Result parse(std::string_view text, std::string_view name, std::unique_ptr<Module> &module) {
  auto parsed = std::make_unique<Module>();
  parsed->text = text;
  PTXSIM_RETURN_IF_ERROR(Parser(*parsed, name).run());
  module = std::move(parsed);
  return {};
}

} // namespace mv::ptxsim::ptx
