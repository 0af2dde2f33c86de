//===- Lexer.cpp - PTX text to tokens -------------------------------*- C++ -*-===//
//
// PTX ISA, section 4 "Syntax". A dotted word may hold "::" (.L1::no_allocate) and may begin with a digit
// (.1d).
//
//===----------------------------------------------------------------------===//

#include "PTXSim/PTX/Lexer.h"

#include <bit>
#include <charconv>
#include <cstdlib>
#include <string>

namespace mv::ptxsim::ptx {
namespace {

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool isWord(char c) { return isDigit(c) || isLetter(c) || c == '_' || c == '$'; }
bool isWordStart(char c) { return isLetter(c) || c == '_' || c == '$' || c == '%'; }
bool isHex(char c) { return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

} // namespace

void Lexer::skipBlanks() {
  while (at_ < text_.size()) {
    char c = text_[at_];
    if (c == '\n') {
      ++line_;
      lineStart_ = ++at_;
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v' || c == '\0') {
      ++at_;
    } else if (c == '/' && peek(1) == '/') {
      while (at_ < text_.size() && text_[at_] != '\n')
        ++at_;
    } else if (c == '/' && peek(1) == '*') {
      size_t close = text_.find("*/", at_ + 2);
      unterminatedComment_ = close == std::string_view::npos;
      size_t end = unterminatedComment_ ? text_.size() : close + 2;
      for (; at_ < end; ++at_)
        if (text_[at_] == '\n') {
          ++line_;
          lineStart_ = at_ + 1;
        }
    } else {
      return;
    }
  }
}

Token Lexer::invalid(Token token, std::string_view reason) {
  token.kind = Token::Kind::Invalid;
  token.text = reason;
  token.end = at_;
  return token;
}

/// 0fXXXXXXXX (8 digits) and 0dXXXXXXXXXXXXXXXX (16): the bits of the value.
Token Lexer::hexFloat(Token token, unsigned digits) {
  at_ += 2;
  uint64_t bits = 0;
  unsigned count = 0;
  for (; isHex(peek()); ++at_, ++count) {
    char c = peek();
    bits = bits << 4 | uint64_t(isDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  if (count != digits)
    return invalid(token, digits == 8 ? "0f needs 8 hexadecimal digits" : "0d needs 16 hexadecimal digits");
  token.kind = digits == 8 ? Token::Kind::Float32 : Token::Kind::Float64;
  token.bits = bits;
  return token;
}

Token Lexer::number(Token token) {
  char second = peek(1) | 0x20;
  if (peek() == '0' && second == 'f')
    return hexFloat(token, 8);
  if (peek() == '0' && second == 'd')
    return hexFloat(token, 16);
  int base = 10;
  size_t digits = at_;
  if (peek() == '0' && second == 'x')
    base = 16, digits += 2;
  else if (peek() == '0' && second == 'b')
    base = 2, digits += 2;
  size_t end = digits;
  while (end < text_.size() && (base == 16 ? isHex(text_[end]) : isDigit(text_[end])))
    ++end;
  if (base == 10 && end < text_.size() && (text_[end] == '.' || (text_[end] | 0x20) == 'e')) {
    std::string copy(text_.substr(at_, 64)); // strtod needs a terminator.
    char *stop = nullptr;
    double value = std::strtod(copy.c_str(), &stop);
    at_ += size_t(stop - copy.c_str());
    token.kind = Token::Kind::Float64;
    token.bits = std::bit_cast<uint64_t>(value);
    return token;
  }
  if (base == 10 && text_[at_] == '0' && end - at_ > 1)
    base = 8;
  token.kind = Token::Kind::Integer;
  auto [stop, error] = std::from_chars(text_.data() + digits, text_.data() + end, token.bits, base);
  at_ = end;
  if (error != std::errc() || stop != text_.data() + end)
    return invalid(token, "not a number of at most 64 bits");
  if ((peek() | 0x20) == 'u')
    ++at_;
  return token;
}

Token Lexer::next() {
  skipBlanks();
  Token token;
  token.begin = at_;
  token.location = {line_, uint32_t(at_ - lineStart_ + 1)};
  if (unterminatedComment_) {
    unterminatedComment_ = false;
    return invalid(token, "comment without end");
  }
  if (at_ >= text_.size()) {
    token.end = at_;
    return token;
  }
  char c = text_[at_];
  if (isWordStart(c)) {
    size_t end = at_ + 1;
    while (end < text_.size() && isWord(text_[end]))
      ++end;
    if (end - at_ == 1 && c == '%') { // The remainder operator.
      token.kind = Token::Kind::Punctuation;
    } else {
      token.kind = Token::Kind::Identifier;
    }
    token.text = text_.substr(at_, end - at_);
    at_ = end;
  } else if (c == '.' && (isWordStart(peek(1)) || isDigit(peek(1)))) {
    size_t end = at_ + 1;
    while (end < text_.size() && (isWord(text_[end]) || (text_.substr(end, 2) == "::" &&
                                                         end + 2 < text_.size() && isWord(text_[end + 2]))))
      end += text_[end] == ':' ? 2 : 1;
    token.kind = Token::Kind::Dotted;
    token.text = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end;
  } else if (isDigit(c)) {
    token = number(token);
  } else if (c == '"') {
    size_t close = at_ + 1;
    while (close < text_.size() && text_[close] != '"' && text_[close] != '\n')
      ++close;
    if (close >= text_.size() || text_[close] == '\n') {
      at_ = close;
      return invalid(token, "string without end");
    }
    token.kind = Token::Kind::String;
    token.text = text_.substr(at_ + 1, close - at_ - 1);
    at_ = close + 1;
  } else {
    token.kind = Token::Kind::Punctuation;
    token.text = text_.substr(at_, 1);
    ++at_;
  }
  token.end = at_;
  return token;
}

} // namespace mv::ptxsim::ptx
