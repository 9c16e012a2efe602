#include "core/text.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/error.h"
#include "temporary_directory.h"

namespace actrec {
namespace {

TEST(ClosestMatch, FindsTypingErrors) {
  const std::vector<std::string> verbs{"train", "evaluate", "predict", "inspect"};
  EXPECT_EQ(closest_match("trian", verbs), "train");
  EXPECT_EQ(closest_match("evalute", verbs), "evaluate");
  EXPECT_EQ(closest_match("PREDICT", verbs), "predict");
  EXPECT_EQ(closest_match("xyzzy", verbs), "");
}

TEST(ClosestMatch, IsCheapForWordsOfAnyLength) {
  EXPECT_EQ(closest_match(std::string(20'000'000, 'x'), {"train", std::string(100, 'x')}), "");
}

TEST(DidYouMean, IsEmptyWithoutANearMatch) {
  EXPECT_EQ(did_you_mean("--jsn", {"--json", "--device"}), "did you mean '--json'?");
  EXPECT_EQ(did_you_mean("--frobnicate", {"--json"}), "");
}

TEST(Split, KeepsEmptyParts) {
  EXPECT_EQ(split("a,,b,", ','), (std::vector<std::string>{"a", "", "b", ""}));
  EXPECT_EQ(split("", ','), (std::vector<std::string>{""}));
}

TEST(Trim, RemovesWhiteSpaceAtBothEnds) { EXPECT_EQ(trim(" \t a b\r\n"), "a b"); }

TEST(IsUtf8, RefusesWhatRfc3629Refuses) {
  for (const char* good :
       {"", "abc", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x8E\xA5", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const char* bad : {"\x80", "\xC0\xAF", "\xC3", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF0\x80\x80\xAF",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xC3\x28", "\xE2\x82"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
}

TEST(Shorten, CutsBetweenCharacters) {
  EXPECT_EQ(shorten("abcdef", 6), "abcdef");
  EXPECT_EQ(shorten("abcdefg", 6), "abcdef...");
  EXPECT_EQ(shorten("ab\xE2\x82\xACx", 4), "ab...");
  EXPECT_EQ(shorten("ab\xE2\x82\xACx", 5), "ab\xE2\x82\xAC...");
}

TEST(FormatDuration, ChoosesTheUnit) {
  EXPECT_EQ(format_duration(1.234), "1.2 s");
  EXPECT_EQ(format_duration(59.4), "59 s");
  EXPECT_EQ(format_duration(200), "3 min 20 s");
  EXPECT_EQ(format_duration(7500), "2 h 05 min");
  EXPECT_EQ(format_duration(-1), "unknown");
}

TEST(ReadFile, GivesEveryByteAndNamesWhatItCannotRead) {
  TemporaryDirectory directory;
  const std::string bytes("a\0\r\n\xff", 5);
  std::ofstream(directory / "f", std::ios::binary) << bytes;
  std::ofstream(directory / "empty");
  EXPECT_EQ(read_file(directory / "f"), bytes);
  EXPECT_EQ(read_file(directory / "empty"), "");
  // Opens, but has no page at address 0 to read.
  const std::filesystem::path unreadable = "/proc/self/mem";
  for (const auto& path : {directory / "missing", directory.path(), unreadable}) {
    try {
      read_file(path);
      FAIL() << path;
    } catch (const DataError& error) {
      EXPECT_NE(std::string(error.what()).find(path.string()), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace actrec
