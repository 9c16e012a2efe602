#include "demo/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace actrec {
namespace {

std::map<std::string, std::set<std::string>> performers_by_split(int performers) {
  std::map<std::string, std::set<std::string>> result;
  for (const PlannedClip& clip : plan_clips(performers)) result[clip.split].insert(clip.group);
  return result;
}

TEST(Plan, SplitsByPerformer) {
  auto splits = performers_by_split(28);
  ASSERT_EQ(splits.size(), 3u);
  EXPECT_EQ(splits["train"].size(), 18u);
  EXPECT_EQ(splits["val"].size(), 4u);
  EXPECT_EQ(splits["test"].size(), 6u);
  std::set<std::string> all;
  for (const auto& [split, groups] : splits) all.insert(groups.begin(), groups.end());
  EXPECT_EQ(all.size(), 28u);  // nobody in two splits
}

TEST(Plan, EverySplitHasAPerformer) {
  for (int performers = 3; performers < 12; ++performers) {
    for (const auto& [split, groups] : performers_by_split(performers)) EXPECT_GE(groups.size(), 1u) << split;
    EXPECT_EQ(performers_by_split(performers).size(), 3u) << performers;
  }
}

TEST(Plan, EveryPerformerDoesEveryActionOnceAndRowsAreSorted) {
  const auto clips = plan_clips(120);
  ASSERT_EQ(clips.size(), 8u * 120);
  EXPECT_TRUE(std::is_sorted(clips.begin(), clips.end(),
                             [](const PlannedClip& a, const PlannedClip& b) { return a.path < b.path; }));
  std::set<std::pair<int, int>> seen;
  for (const PlannedClip& clip : clips) seen.insert({clip.performer, clip.action});
  EXPECT_EQ(seen.size(), clips.size());
  EXPECT_EQ(clips.front().path, "clips/lower_arm/lower_arm_p001.mp4");
  EXPECT_EQ(clips.back().group, "p120");
}

TEST(Plan, ListIsCsv) {
  const std::string text = list_text(plan_clips(3));
  EXPECT_EQ(text.substr(0, text.find("clips/raise_arm/")),
            "path,label,group,split\n"
            "clips/lower_arm/lower_arm_p01.mp4,lower_arm,p01,train\n"
            "clips/lower_arm/lower_arm_p02.mp4,lower_arm,p02,val\n"
            "clips/lower_arm/lower_arm_p03.mp4,lower_arm,p03,test\n");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 25);
}

}  // namespace
}  // namespace actrec
