#include "report/results_text.h"

#include <gtest/gtest.h>

namespace actrec {
namespace {

EvaluationResult example() {
  EvaluationResult result;
  result.clips = 3;
  result.top1 = 2.0 / 3;
  result.classes = {"hugging", "kick\u00fcng"};
  result.confusion = {{1, 1}, {0, 1}};
  result.per_class = {{"hugging", 2, 1.0, 0.5, 2.0 / 3}, {"kick\u00fcng", 1, 0.5, 1.0, 2.0 / 3}};
  return result;
}

TEST(EvaluationJson, HasTheKeysThatScriptsRelyOn) {
  const auto json = evaluation_json(example());
  for (const char* key : {"clips", "top1", "top5", "mean_class_accuracy", "macro_f1", "loss", "classes",
                          "confusion", "per_class"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_EQ(json["confusion"][0][1], 1);
  EXPECT_EQ(json["per_class"][1]["recall"], 1.0);
}

TEST(EvaluationText, ShowsFiguresAndTheMatrix) {
  const std::string text = evaluation_text(example());
  EXPECT_NE(text.find("top-1 accuracy       0.6667"), std::string::npos) << text;
  EXPECT_NE(text.find(" 1 hugging    1    1\n"), std::string::npos) << text;
  EXPECT_NE(text.find(" 2 kick\u00fcng    .    1\n"), std::string::npos) << text;
}

TEST(EvaluationText, CountsSkippedClipsAndNamesTheSplit) {
  EvaluationResult result = example();
  EXPECT_NE(evaluation_text(result).find("clips                3\n"), std::string::npos);
  EXPECT_EQ(evaluation_json(result)["skipped"], 0);
  EXPECT_FALSE(evaluation_json(result).contains("split"));
  result.skipped = {{"a.mp4", "is empty"}};
  result.split = {"test", "fold 1 of 5 RANDOM SPLIT", "0123456789abcdef", "none found: ...", ""};
  const std::string text = evaluation_text(result);
  EXPECT_EQ(text.find("split                fold 1 of 5 RANDOM SPLIT (0123456789abcdef)\n"
                      "leakage              none found: ...\n"
                      "clips                3 (1 skipped: cannot be read)\n"),
            0u)
      << text;
  const auto json = evaluation_json(result);
  EXPECT_EQ(json["skipped"], 1);
  EXPECT_EQ(json["skipped_clips"].dump(), R"([{"clip":"a.mp4","reason":"is empty"}])");
  EXPECT_EQ(json["split"].dump(),
            R"({"name":"test","method":"fold 1 of 5 RANDOM SPLIT","random":true,)"
            R"("fingerprint":"0123456789abcdef","leakage":"none found: ...","data":null})");
  result.split = {"", "by group", "0123456789abcdef", "", ""};
  EXPECT_EQ(
      evaluation_json(result)["split"].dump(),
      R"({"name":null,"method":"by group","random":false,"fingerprint":"0123456789abcdef","leakage":null,"data":null})");
}

TEST(SummaryText, NamesTheSplitAndTheSkippedClips) {
  TrainingSummary summary;
  summary.split = {"", "by group", "0123456789abcdef", "none found: ...", ""};
  EXPECT_EQ(summary_text(summary).find("skipped"), std::string::npos);
  summary.skipped = {{"a.mp4", "is empty"}};
  EXPECT_NE(summary_text(summary).find("split       by group (0123456789abcdef)\n"
                                       "leakage     none found: ...\n"
                                       "skipped     1 clip\n  a.mp4: is empty\n"),
            std::string::npos)
      << summary_text(summary);
}

TEST(Pad, CountsCharactersNotBytes) {
  EXPECT_EQ(pad("\u00fcb", 4), "\u00fcb  ");
  EXPECT_EQ(pad("\u00fcber", 2), "\u00fcb");
}

}  // namespace
}  // namespace actrec
