#include "config/json_text.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace actrec {
namespace {

std::string problem(const std::string& text) {
  try {
    parse_json(text, "F");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "none";
}

TEST(JsonText, ReadsEveryKindOfValueInOrder) {
  const ParsedJson parsed =
      parse_json(R"({"z": 1, "a": -2, "b": 2.5, "c": [true, null, "ä"], "d": {"e": {}}})", "F");
  EXPECT_EQ(parsed.document.dump(), R"({"z":1,"a":-2,"b":2.5,"c":[true,null,"ä"],"d":{"e":{}}})");
  EXPECT_TRUE(parsed.document["z"].is_number_unsigned());
  EXPECT_TRUE(parsed.duplicate_keys.empty());
}

TEST(JsonText, SkipsComments) {
  EXPECT_EQ(parse_json("// one\n{ /* two\n lines */ \"a\": 1 // three\n}\n// end", "F").document.dump(),
            R"({"a":1})");
}

TEST(JsonText, FindsDuplicateKeysOncePerObject) {
  const ParsedJson parsed = parse_json(
      R"({"a": {"x": 1, "x": 2, "x": 3}, "b": {"x": 1}, "b": 2, "l": [{"y": 1, "y": 2}, {"y": 1}]})", "F");
  EXPECT_EQ(parsed.duplicate_keys, (std::vector<std::string>{"a.x", "b", "l.y"}));
  EXPECT_EQ(parsed.document["a"]["x"], 3);
}

TEST(JsonText, SyntaxErrorsSayWhereAndWhatInPlainWords) {
  EXPECT_EQ(problem("{\"a\": 1,\n \"b\": 2,\n}"), "F:3:1: trailing comma before '}', remove the comma");
  EXPECT_EQ(problem("{\"a\": [1, 2,]}"), "F:1:13: trailing comma before ']', remove the comma");
  EXPECT_EQ(problem("{\"a\": 1 \"b\": 2}"), "F:1:11: expected ',' or '}', found \"b\"");
  EXPECT_EQ(problem("{\"a\": [1 2]}"), "F:1:10: expected ',' or ']', found 2");
  EXPECT_EQ(problem("{\"a\" 1}"), "F:1:6: expected ':' after the key \"a\", found 1");
  EXPECT_EQ(problem("{\"a\": }").substr(0, 29), "F:1:7: expected a value: text");
  EXPECT_EQ(problem("{a: 1}"), "F:1:2: expected a key in double quotes");
  EXPECT_EQ(problem("{'a': 1}"), "F:1:2: expected a key in double quotes");
  EXPECT_EQ(problem("{\"a\": 1"), "F:1:8: the text ends too early, expected ',' or '}'");
  EXPECT_EQ(problem(""), "F:1:1: the text ends too early, expected '{'");
  EXPECT_EQ(problem("// nothing\n"), "F:2:1: the text ends too early, expected '{'");
  EXPECT_EQ(problem("{} {}"), "F:1:4: text after the end of the document");
  EXPECT_EQ(problem("{\"a\": \"x\ny\"}"), "F:1:9: a text contains a line break or control character");
  EXPECT_EQ(problem("{\"a\": \"x"), "F:1:9: a text has no closing quote");
  EXPECT_EQ(problem("{\"a\": \"C:\\videos\"}"),
            R"(F:1:11: unknown escape in a text; a backslash is written \\)");
  EXPECT_EQ(problem("{\"a\": \"\xff\"}"), "F:1:8: the file is not UTF-8 text");
  EXPECT_EQ(problem("{\"a\": -}"), "F:1:8: malformed number");
  EXPECT_EQ(problem("/* open"), "F:1:8: a comment has no closing */");
  EXPECT_EQ(problem("{\n\"a\": 1e999}"), "F:2:10: the number 1e999 is too large");
}

TEST(JsonText, WhatWasReadIsNotTakenForTheReason) {
  EXPECT_EQ(problem("// while parsing object separator - \nx"), "F:2:1: expected '{'");
  EXPECT_EQ(problem("// is not UTF-8\nx"), "F:2:1: expected '{'");
  EXPECT_EQ(problem("{} // '; expected end of input\nx"), "F:2:1: text after the end of the document");
  EXPECT_EQ(problem("// '; expected end of input\nx"), "F:2:1: expected '{'");
}

TEST(JsonText, LimitsTheDepth) {
  const auto lists = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(problem(lists(64)), "none");
  EXPECT_EQ(problem(lists(65)), "F:1:65: nested more than 64 levels deep");
  EXPECT_EQ(problem("{\n \"a\": " + std::string(1'000'000, '[')), "F:2:70: nested more than 64 levels deep");
  std::string objects;
  for (int i = 0; i < 65; ++i) objects += "{\"ä\":";
  EXPECT_EQ(problem(objects), "F:1:321: nested more than 64 levels deep");
}

TEST(JsonText, ShortensWhatItQuotes) {
  const std::string long_key(100'000, 'k');
  EXPECT_EQ(problem("{\"" + long_key + "\" 1}"),
            "F:1:100005: expected ':' after the key \"" + std::string(60, 'k') + "...\", found 1");
  EXPECT_LT(problem("{\"a\": " + std::string(100'000, '9') + "}").size(), 120U);
}

TEST(JsonText, ColumnsCountCharactersNotBytes) {
  EXPECT_EQ(problem("{\"äöü\": 1 2}"), "F:1:11: expected ',' or '}', found 2");
}

TEST(JsonText, MessagesCarryNoParserInternals) {
  for (const char* text :
       {"{", "[1,]", "{\"a\":tru}", "\x01", "{\"a\":1e999}", "nonsense", "{\"a\":\"\\q\"}"}) {
    EXPECT_EQ(problem(text).find("exception"), std::string::npos) << problem(text);
    EXPECT_EQ(problem(text).find("literal"), std::string::npos) << problem(text);
  }
}

}  // namespace
}  // namespace actrec
