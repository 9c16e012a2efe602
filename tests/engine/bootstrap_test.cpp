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

// Clips of `groups` groups, ten each: all right in the even groups and all wrong in the odd ones.
std::vector<ClipPrediction> half_right(int groups) {
  std::vector<ClipPrediction> clips;
  for (int i = 0; i < 10 * groups; ++i) {
    const int group = i / 10;
    clips.push_back(clip(std::to_string(group), group % 2, group % 2 == 0 ? 0 : 2));
  }
  return clips;
}

TEST(Bootstrap, DrawsWholeGroups) {
  // As 6 draws of 1/2: 0 or 6 right have 1.6 % each, so the 2.5 % percentiles are 1/6 and 5/6.
  std::vector<ClipPrediction> clips = half_right(6);
  const auto by_group = confidence_intervals(clips);
  EXPECT_TRUE(by_group->bootstrap.by_group);
  EXPECT_EQ(by_group->bootstrap.units, 6);
  EXPECT_DOUBLE_EQ(by_group->top1.low, 1.0 / 6);
  EXPECT_DOUBLE_EQ(by_group->top1.high, 5.0 / 6);

  clips[3].group.clear();  // one unknown group leaves only the clips to draw
  const auto by_clip = confidence_intervals(clips);
  EXPECT_FALSE(by_clip->bootstrap.by_group);
  EXPECT_EQ(by_clip->bootstrap.units, 60);
  // As 60 draws of 1/2, whose 2.5 % percentiles are 22 and 38.
  EXPECT_NEAR(by_clip->top1.low, 22.0 / 60, 0.018);
  EXPECT_NEAR(by_clip->top1.high, 38.0 / 60, 0.018);
}

TEST(Bootstrap, DrawsClipsWhereGroupsAreFew) {
  const auto few = confidence_intervals(half_right(4));
  EXPECT_FALSE(few->bootstrap.by_group);
  EXPECT_EQ(few->bootstrap.units, 40);
  EXPECT_TRUE(confidence_intervals(half_right(5))->bootstrap.by_group);
}

TEST(Bootstrap, NeedsTwoClips) {
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
