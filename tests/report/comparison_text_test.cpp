#include "report/comparison_text.h"

#include <gtest/gtest.h>

namespace actrec {
namespace {

ComparisonResult example() {
  ComparisonResult result;
  result.first = {"runs/a", {0.5, 0.4, 0.3}};
  result.second = {"runs/b", {0.75, 0.7, 0.6}};
  result.difference = {0.25, 0.3, 0.3};
  result.clips = 40;
  result.both_right = 18;
  result.only_first = 2;
  result.only_second = 12;
  result.both_wrong = 8;
  result.p_value = 0.0129;
  ConfidenceIntervals intervals;
  intervals.bootstrap = {true, 12, 2000};
  intervals.top1 = {0.05, 0.41};
  result.intervals = intervals;
  result.changed = {{"clip 1", "x", "y", "x"}};
  return result;
}

TEST(ComparisonText, SaysWhichIsBetter) {
  const std::string text = comparison_text(example());
  for (const char* part :
       {"A  runs/a\nB  runs/b\n", "top-1 accuracy       0.5000  0.7500  +0.2500  +0.0500 to +0.4100\n",
        "bootstrap over 12 groups\n", "only A 2, only B 12", "p = 0.0129", "B is better than A",
        "predictions differ for 1 clip\n  clip 1: x; A y, B x\n"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

TEST(ComparisonText, NeedsBothTheTestAndTheInterval) {
  ComparisonResult result = example();
  EXPECT_TRUE(is_distinguishable(result));
  result.intervals->top1.low = -0.01;
  EXPECT_FALSE(is_distinguishable(result));
  EXPECT_NE(comparison_text(result).find("not distinguishable on these 40 clips"), std::string::npos);
  result.intervals.reset();
  EXPECT_TRUE(is_distinguishable(result));
  result.p_value = 0.06;
  EXPECT_FALSE(is_distinguishable(result));
}

TEST(ComparisonJson, HasTheKeysThatScriptsRelyOn) {
  const auto json = comparison_json(example());
  EXPECT_EQ(json["a"]["name"], "runs/a");
  EXPECT_EQ(json["b"]["top1"], 0.75);
  EXPECT_EQ(json["difference"]["macro_f1"], 0.3);
  EXPECT_EQ(json["confidence_intervals"]["top1"][0], 0.05);
  EXPECT_EQ(json["mcnemar"]["only_b"], 12);
  EXPECT_EQ(json["distinguishable"], true);
  EXPECT_EQ(json["better"], "b");
  EXPECT_EQ(json["changed"][0]["clip"], "clip 1");
}

}  // namespace
}  // namespace actrec
