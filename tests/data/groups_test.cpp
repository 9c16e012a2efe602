#include "data/groups.h"

#include "data/dataset_tree.h"

namespace actrec {
namespace {

using testing::contains;
using testing::DatasetTree;
using testing::expect_error;
using testing::LogCapture;
using Lines = std::vector<std::string>;

Listing listing_of(const std::vector<std::pair<std::string, std::string>>& clips) {
  Listing listing;
  for (const auto& [class_name, path] : clips) {
    ListedClip listed;
    listed.class_name = class_name;
    listed.written = listed.clip.name = listed.where = path;
    listed.clip.path = path;
    listing.clips.push_back(listed);
  }
  return listing;
}

Lines groups_of(Listing listing, const std::string& pattern = "") {
  recognise_groups(listing, pattern);
  Lines groups;
  for (const ListedClip& listed : listing.clips) groups.push_back(listed.clip.group);
  return groups;
}

TEST(Groups, PatternCapturesFromThePath) {
  const Listing listing = listing_of({{"a", "a/person01/x.mp4"}, {"b", "b/person25/y.mp4"}});
  EXPECT_EQ(groups_of(listing, "person([0-9]+)"), (Lines{"01", "25"}));
}

TEST(Groups, BadPatternsAreConfigurationErrors) {
  const Listing listing = listing_of({{"a", "a/x.mp4"}});
  expect_error<ConfigError>([&] { groups_of(listing, "person(["); },
                            {"data.split.group_pattern", "person(["});
  expect_error<ConfigError>([&] { groups_of(listing, "person[0-9]+"); },
                            {"data.split.group_pattern", "no capture"});
}

TEST(Groups, PatternMustMatchEveryClip) {
  const Listing listing = listing_of({{"a", "a/who1.mp4"}, {"a", "a/other.mp4"}, {"a", "a/who.mp4"}});
  expect_error<DataError>([&] { groups_of(listing, "who([0-9]+)"); },
                          {"a/other.mp4", "a/who.mp4", "group_pattern"});
  // The last matches, but captures nothing.
  expect_error<DataError>([&] { groups_of(listing, "who([0-9]*)"); }, {"a/other.mp4", "a/who.mp4"});
}

TEST(Groups, RecognisesUcf101) {
  EXPECT_EQ(groups_of(listing_of({{"YoYo", "YoYo/v_YoYo_g01_c02.avi"}, {"Surfing", "v_Surfing_g01_c01"}})),
            (Lines{"YoYo_g01", "Surfing_g01"}));
}

TEST(Groups, RecognisesHmdb51) {
  EXPECT_EQ(groups_of(listing_of({{"brush_hair", "April_09_brush_hair_u_nm_np1_ba_goo_0.avi"},
                                  {"chew", "Big_League_Chew_chew_h_nm_np1_fr_goo_0"},
                                  {"walk", "walk_walk_walk_f_cm_np12_le_bad_120.avi"}})),
            (Lines{"April_09", "Big_League_Chew", "walk_walk"}));
}

TEST(Groups, NamingCountsOnlyWhenEveryClipFollowsIt) {
  EXPECT_EQ(groups_of(listing_of({{"YoYo", "v_YoYo_g01_c02.avi"}, {"YoYo", "yoyo.avi"}})), (Lines{"", ""}));
  EXPECT_EQ(groups_of(listing_of(
                {{"chew", "A_chew_h_nm_np1_fr_goo_0.avi"}, {"walk", "A_run_h_nm_np1_fr_goo_0.avi"}})),
            (Lines{"", ""}));
}

TEST(Groups, NamedGroupsWin) {
  Listing listing = listing_of({{"a", "a/p1.mp4"}});
  listing.clips[0].clip.group = "given";
  const LogCapture log;
  EXPECT_EQ(groups_of(listing, "p([0-9])"), (Lines{"given"}));
  EXPECT_TRUE(contains(log.text(), "warning: data.split.group_pattern is not used")) << log.text();
}

TEST(Groups, PartsOfOneVideoStayTogether) {
  Listing listing = listing_of({{"a", "x.mp4"}, {"b", "./x.mp4"}, {"b", "y.mp4"}});
  EXPECT_EQ(groups_of(listing), (Lines{"", "", ""}));
  listing.clips[0].clip.end_seconds = 3;
  listing.clips[1].clip.begin_seconds = 3;
  EXPECT_EQ(groups_of(listing), (Lines{"x.mp4", "x.mp4", "y.mp4"}));
  listing.has_splits = true;
  EXPECT_EQ(groups_of(listing), (Lines{"", "", ""}));
}

}  // namespace
}  // namespace actrec
