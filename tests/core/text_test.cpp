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

TEST(DidYouMean, IsEmptyWithoutANearMatch) {
  EXPECT_EQ(did_you_mean("--jsn", {"--json", "--device"}), "did you mean '--json'?");
  EXPECT_EQ(did_you_mean("--frobnicate", {"--json"}), "");
}

TEST(Split, KeepsEmptyParts) {
  EXPECT_EQ(split("a,,b,", ','), (std::vector<std::string>{"a", "", "b", ""}));
  EXPECT_EQ(split("", ','), (std::vector<std::string>{""}));
}

TEST(Trim, RemovesWhiteSpaceAtBothEnds) { EXPECT_EQ(trim(" \t a b\r\n"), "a b"); }

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
  for (const auto& path : {directory / "missing", directory.path()}) {
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
