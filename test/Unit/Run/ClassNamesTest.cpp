//===- ClassNamesTest.cpp - From the text of a label to a class -----------------===//

#include "ClassNames.h"

#include <gtest/gtest.h>

using namespace mv;
using namespace mv::run;

static const ClassNames &names() {
  static const ClassNames result(6,
                                 {"T-shirt/top", "tench, Tinca tinca", "crane", "crane", "", "Ankle boot"});
  return result;
}

/// Case and punctuation do not count; synonyms are known one by one and together.
TEST(ClassNames, Find) {
  EXPECT_EQ(names().find("t-shirt-top").index, 0);
  EXPECT_EQ(names().find("T SHIRT TOP").index, 0);
  EXPECT_EQ(names().find("tench").index, 1);
  EXPECT_EQ(names().find("tinca_tinca").index, 1);
  EXPECT_EQ(names().find("tench, Tinca tinca").index, 1);
  EXPECT_EQ(names().find("ankle").match, ClassNames::Match::None);
  EXPECT_EQ(names().find("").match, ClassNames::Match::None);
  EXPECT_EQ(names().find("crane").match, ClassNames::Match::Several);
}

TEST(ClassNames, ParseLabel) {
  EXPECT_EQ(*names().parseLabel("5", "here"), 5);
  EXPECT_EQ(*names().parseLabel("ankle boot", "here"), 5);
}

TEST(ClassNames, NegativeParseLabel) {
  EXPECT_EQ(names().parseLabel("6", "here").status().message(),
            "here: expected a class index from 0 to 5, found '6'");
  EXPECT_EQ(names().parseLabel("-1", "here").status().message(),
            "here: expected a class index from 0 to 5, found '-1'");
  EXPECT_FALSE(names().parseLabel("99999999999999999999", "here").ok());
  EXPECT_NE(names().parseLabel("crane", "here").status().message().find("several classes"),
            std::string::npos);
  EXPECT_NE(names().parseLabel("zebra", "here").status().message().find("has no class 'zebra'"),
            std::string::npos);
}

TEST(ClassNames, Name) {
  EXPECT_EQ(names().name(0), "T-shirt/top");
  EXPECT_EQ(names().name(4), "");
  // More classes than names.
  EXPECT_EQ(ClassNames(2, {"cat"}).name(1), "");
}

TEST(ClassNames, LeadingNumber) {
  EXPECT_EQ(leadingNumber("0-t-shirt-top"), 0);
  EXPECT_EQ(leadingNumber("007 bond"), 7);
  EXPECT_EQ(leadingNumber("12"), 12);
  EXPECT_EQ(leadingNumber("7up"), std::nullopt);
  EXPECT_EQ(leadingNumber("n01440764"), std::nullopt);
  EXPECT_EQ(leadingNumber("-1"), std::nullopt);
  EXPECT_EQ(leadingNumber(""), std::nullopt);
}
