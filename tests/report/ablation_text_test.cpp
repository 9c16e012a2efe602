#include "report/ablation_text.h"

#include <gtest/gtest.h>

#include "report/results_text.h"

namespace actrec {
namespace {

EvaluationResult example() {
  EvaluationResult result;
  result.clips = 60;
  result.top1 = 0.65;  // with several test views
  result.classes = {"swipe_down", "swipe_up"};
  result.confusion = {{20, 10}, {16, 14}};
  result.per_class = {{"swipe_down", 30, 0.5, 0.6, 0.5}, {"swipe_up", 30, 0.5, 0.6, 0.5}};
  AblationResult ablation;
  ablation.top1 = 0.57;
  ablation.majority_class = 0.5;
  ablation.majority_name = "swipe_up";
  ablation.single_frame = {0.4, 10, 0};
  ablation.mean_frame = {0.5, 5, 1};
  ablation.reversed = {0.30, 20, 4};
  ablation.shuffled = {0.55, 2, 1};
  ablation.changes = {
      {"swipe_down", "swipe_up", 12}, {"swipe_up", "swipe_down", 11}, {"swipe_up", "wave", 7}};
  result.ablation = ablation;
  return result;
}

TEST(IsDistinguishable, TakesMoreThanTwoStandardErrors) {
  EXPECT_FALSE(is_distinguishable({0, 0, 0}));
  EXPECT_FALSE(is_distinguishable({0, 4, 0}));  // 4 = 2 * sqrt(4)
  EXPECT_TRUE(is_distinguishable({0, 5, 0}));   // 5 > 2 * sqrt(5)
  EXPECT_TRUE(is_distinguishable({0, 0, 5}));
  EXPECT_FALSE(is_distinguishable({0, 30, 20}));  // 10 < 2 * sqrt(50)
  EXPECT_TRUE(is_distinguishable({0, 33, 17}));   // 16 > 2 * sqrt(50)
}

TEST(TimeSentence, SaysWhatMatters) {
  EvaluationResult result = example();
  EXPECT_EQ(time_sentence(result), "reversed frames: 30 % (-27 points): the order of frames matters");
  result.ablation->reversed = {0.55, 2, 1};
  EXPECT_EQ(
      time_sentence(result),
      "reversed frames: 55 % (-2 points), not distinguishable with 60 clips; one frame alone: 40 % (-17 "
      "points): the model uses several frames, but not their order");
  result.ablation->single_frame = {0.57, 1, 1};
  EXPECT_EQ(
      time_sentence(result),
      "reversed frames: 55 % (-2 points), not distinguishable with 60 clips: no sign that the model uses "
      "time");
  result.ablation->shuffled = {0.2, 25, 3};
  EXPECT_EQ(time_sentence(result), "shuffled frames: 20 % (-37 points): the order of frames matters");
}

TEST(AblationText, FollowsTheFigures) {
  const std::string text = evaluation_text(example());
  EXPECT_NE(text.find("the clip                   0.5700\n"), std::string::npos) << text;
  EXPECT_NE(text.find("only its centre frame      0.4000  -17 points\n"), std::string::npos) << text;
  EXPECT_NE(text.find("nothing                    0.5000  always swipe_up"), std::string::npos) << text;
  EXPECT_NE(text.find("reversal changes 30 of 60 predictions, most often swipe_down -> swipe_up (12 clips)"),
            std::string::npos)
      << text;
}

TEST(AblationJson, StandsUnderKeysOfItsOwn) {
  EvaluationResult result = example();
  const auto json = evaluation_json(result);
  EXPECT_EQ(json["baselines"].dump(), R"({"majority_class":0.5,"single_frame":0.4,"mean_frame":0.5})");
  EXPECT_EQ(
      json["order"].dump(),
      R"({"reversed":0.3,"shuffled":0.55,"matters":true,"reversed_changes":30,"most_frequent_change":{"from":"swipe_down","to":"swipe_up","clips":12}})");
  result.ablation->majority_class.reset();
  EXPECT_FALSE(evaluation_json(result)["baselines"].contains("majority_class"));
  result.ablation.reset();
  EXPECT_FALSE(evaluation_json(result).contains("baselines"));
  EXPECT_EQ(evaluation_text(result).find("frames"), std::string::npos);
}

}  // namespace
}  // namespace actrec
