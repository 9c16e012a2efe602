#include "engine/bootstrap.h"

#include <gtest/gtest.h>

namespace actrec {
namespace {

ClipPrediction clip(const std::string& group, std::int64_t label, std::int64_t prediction) {
  ClipPrediction result{"", group, label, prediction, std::vector<double>(3, 0.0)};
  result.probabilities[static_cast<std::size_t>(prediction)] = 1;
  return result;
}

TEST(Figures, CountClipsByTheirWeight) {
  // true a: a a b; true b: b; no clips of c, which is predicted once
  const std::vector<ClipPrediction> clips{clip("", 0, 0), clip("", 0, 1), clip("", 1, 1), clip("", 1, 2)};
  const Figures figures = figures_of(clips, {2, 1, 1, 0});
  EXPECT_DOUBLE_EQ(figures.top1, 0.75);
  EXPECT_DOUBLE_EQ(figures.mean_class_accuracy, (2.0 / 3 + 1) / 2);
  EXPECT_DOUBLE_EQ(figures.macro_f1, (0.8 + 2.0 / 3) / 2);
  EXPECT_DOUBLE_EQ(figures_of(clips).top1, 0.5);
}

TEST(Bootstrap, DrawsWholeGroups) {
  // Two groups, one all right and one all wrong: a resample is right in none, half or all of its clips.
  std::vector<ClipPrediction> clips;
  for (int i = 0; i < 10; ++i) clips.push_back(clip("a", 0, 0));
  for (int i = 0; i < 10; ++i) clips.push_back(clip("b", 1, 2));
  const auto by_group = confidence_intervals(clips);
  EXPECT_TRUE(by_group->bootstrap.by_group);
  EXPECT_EQ(by_group->bootstrap.units, 2);
  EXPECT_DOUBLE_EQ(by_group->top1.low, 0);
  EXPECT_DOUBLE_EQ(by_group->top1.high, 1);

  clips[3].group.clear();  // one unknown group leaves only the clips to draw
  const auto by_clip = confidence_intervals(clips);
  EXPECT_FALSE(by_clip->bootstrap.by_group);
  EXPECT_EQ(by_clip->bootstrap.units, 20);
  // Binomial: 20 draws of 1/2 have 2.5 % percentiles at 6 and 14 of 20.
  EXPECT_NEAR(by_clip->top1.low, 0.3, 0.051);
  EXPECT_NEAR(by_clip->top1.high, 0.7, 0.051);
}

TEST(Bootstrap, NeedsTwoGroups) {
  EXPECT_FALSE(confidence_intervals({clip("a", 0, 0), clip("a", 1, 0)}));
  EXPECT_FALSE(confidence_intervals({clip("", 0, 0)}));
  EXPECT_FALSE(confidence_intervals({}));
}

TEST(Bootstrap, IsAPureFunctionOfThePredictions) {
  std::vector<ClipPrediction> clips;
  for (int i = 0; i < 30; ++i) clips.push_back(clip("", i % 3, i % 2));
  const auto one = confidence_intervals(clips), again = confidence_intervals(clips);
  EXPECT_EQ(one->macro_f1.low, again->macro_f1.low);
  EXPECT_EQ(one->macro_f1.high, again->macro_f1.high);
}

}  // namespace
}  // namespace actrec
