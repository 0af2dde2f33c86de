//===- Lexer.h - PTX text to tokens ---------------------------------*- C++ -*-===//

#ifndef MV_LIB_PTXSIM_PTX_LEXER_H
#define MV_LIB_PTXSIM_PTX_LEXER_H

#include "PTXSim/PTX/Syntax.h"

#include <string_view>

namespace mv::ptxsim::ptx {

struct Token {
  enum class Kind : uint8_t {
    End,
    Identifier, ///< foo, $L__BB0_1, %r1, %tid
    Dotted,     ///< .global, .L2::128B: text without the dot
    Integer,
    Float32,     ///< 0f3F800000
    Float64,     ///< 0d… or a decimal with point or exponent
    String,      ///< text without the quotes
    Punctuation, ///< one character
    Invalid,     ///< text is the reason
  };
  Kind kind = Kind::End;
  std::string_view text;
  uint64_t bits = 0;
  Location location;
  size_t begin = 0, end = 0; ///< Offsets in the text.

  bool is(char punctuation) const { return kind == Kind::Punctuation && text[0] == punctuation; }
  bool isDotted(std::string_view name) const { return kind == Kind::Dotted && text == name; }
};

class Lexer {
public:
  explicit Lexer(std::string_view text) : text_(text) {}
  Token next();

private:
  void skipBlanks();
  char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  Token number(Token token);
  Token hexFloat(Token token, unsigned digits);
  Token invalid(Token token, std::string_view reason);
  void advanceTo(size_t end);

  std::string_view text_;
  size_t at_ = 0, lineStart_ = 0;
  uint32_t line_ = 1;
  bool unterminatedComment_ = false;
};

} // namespace mv::ptxsim::ptx

#endif // MV_LIB_PTXSIM_PTX_LEXER_H
