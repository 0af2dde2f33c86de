//===- TextTest.cpp - Pieces of error messages ----------------------------------===//

#include "mv/Support/Text.h"

#include <gtest/gtest.h>
#include <vector>

using namespace mv;

// Whatever a file holds, a message stays on one line.
TEST(Text, QuoteEscapesControlCharacters) {
  EXPECT_EQ(quote("head.weight"), "'head.weight'");
  EXPECT_EQ(quote(std::string("a\nb\0c\x7f", 6)), "'a\\x0ab\\x00c\\x7f'");
  EXPECT_EQ(quote("Ünï"), "'Ünï'");
}

// A name of megabytes does not become a message of megabytes.
TEST(Text, QuoteCutsLongText) {
  EXPECT_EQ(quote("abcdef", 3), "'abc...'");
  EXPECT_EQ(quote("abc", 3), "'abc'");
}

TEST(Text, ShapeText) {
  EXPECT_EQ(shapeText({}), "[]");
  EXPECT_EQ(shapeText(std::vector<int64_t>{80}), "[80]");
  EXPECT_EQ(shapeText(std::vector<int64_t>{80, 32, 3, 3}), "[80, 32, 3, 3]");
}
