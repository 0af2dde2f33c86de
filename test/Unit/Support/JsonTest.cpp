//===- JsonTest.cpp - JSON that comes from users --------------------------------===//

#include "mv/Support/Json.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace mv;
using nlohmann::json;

static std::string errorOf(std::string_view text) {
  json value;
  Status status = parseJson(text, "here", value);
  return status.ok() ? "no error" : status.message();
}

// Every kind of value arrives where it belongs, in nested containers too.
TEST(Json, ParsesEveryKindOfValue) {
  json value;
  Status status =
      parseJson(R"({"a": [1, -2, 2.5, [true, null], {"b": "x"}], "c": {"d": []}})", "here", value);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(value, json::parse(R"({"a": [1, -2, 2.5, [true, null], {"b": "x"}], "c": {"d": []}})"));
}

// The last of two equal keys must not win silently.
TEST(Json, negative_DuplicateKey) {
  EXPECT_EQ(errorOf(R"({"dim": 80, "x": {"dim": 1}, "dim": 96})"),
            "here: the key 'dim' appears twice in one object; expected once");
}

TEST(Json, SameKeyInTwoObjectsIsNoDuplicate) {
  EXPECT_EQ(errorOf(R"({"a": {"k": 1}, "b": {"k": 2}})"), "no error");
}

TEST(Json, negative_SyntaxErrorNamesTheLine) {
  std::string message = errorOf("{\n  \"dim\": ,\n}");
  EXPECT_NE(message.find("here: not valid JSON: parse error at line 2, column 10"), std::string::npos)
      << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
}

TEST(Json, negative_TrailingText) { EXPECT_NE(errorOf("{} x").find("not valid JSON"), std::string::npos); }
TEST(Json, negative_Empty) { EXPECT_NE(errorOf("").find("not valid JSON"), std::string::npos); }
TEST(Json, negative_NumberTooLarge) {
  EXPECT_NE(errorOf("[1e999]").find("not valid JSON"), std::string::npos);
}
TEST(Json, negative_NotUtf8) { EXPECT_NE(errorOf("[\"\xff\"]").find("not valid JSON"), std::string::npos); }

// Deep nesting is refused before it costs anything.
TEST(Json, negative_NestedTooDeep) {
  EXPECT_EQ(errorOf(std::string(32, '[') + std::string(32, ']')), "no error");
  EXPECT_EQ(errorOf(std::string(100000, '[')), "here: nested more than 32 levels deep");
}
