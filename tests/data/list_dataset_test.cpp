#include "data/list_dataset.h"

#include <cmath>

#include "data/dataset_tree.h"
#include "without_root.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;
using testing::DatasetTree;
using testing::expect_unreadable;
using testing::summary;
using Lines = std::vector<std::string>;

TEST(CsvDataset, ReadsEveryColumnInAnyOrder) {
  const DatasetTree tree;
  tree.files({"v/1.mp4", "v/2.mp4", "v/3, b.mp4"});
  tree.frames("v/4");
  tree.file("list.csv",
            "split,end,begin,group,label,path\n"
            "train,,,p1, run ,v/1.mp4\n"
            "Validation,4.5,2,p2,walk,v/2.mp4\n"
            "train,,1,p3,walk,\"v/3, b.mp4\"\n"
            "test,,,p4,run,v/4.mp4\n");
  const DatasetIndex index = read_dataset(tree.settings("list.csv"));
  EXPECT_EQ(index.format, "CSV list");
  EXPECT_TRUE(index.has_splits);
  EXPECT_EQ(summary(index), (Lines{"run: v/1.mp4 g=p1 train", "walk: v/2.mp4[2,4.5] g=p2 val",
                                   "walk: v/3, b.mp4[1,end] g=p3 train", "run: v/4.mp4 g=p4 test"}));
  EXPECT_EQ(index.clips[1].begin_seconds, 2);
  EXPECT_EQ(index.clips[1].end_seconds, 4.5);
  EXPECT_TRUE(std::isinf(index.clips[2].end_seconds));
  EXPECT_EQ(index.clips[3].path, tree.root() / "v/4");  // the folder of frames for v/4.mp4
}

TEST(CsvDataset, ResolvesPathsAgainstTheVideosFolder) {
  const DatasetTree tree;
  tree.files({"elsewhere/1.mp4", "elsewhere/2.mp4"});
  tree.file("lists/list.csv", "path,label\n1.mp4,a\n2.mp4,b\n");
  DataSettings settings = tree.settings("lists/list.csv");
  expect_unreadable(settings, {"list.csv:2: no video", "lists/1.mp4", "list.csv:3", "data.videos"});
  settings.videos = tree.root() / "elsewhere";
  EXPECT_EQ(read_dataset(settings).clips[0].path, tree.root() / "elsewhere/1.mp4");
  settings.videos = tree.root() / "nowhere";
  expect_unreadable(settings, {"no folder", "nowhere", "data.videos"});
}

TEST(CsvDataset, SaysWhereItMayNotLook) {
  const DatasetTree tree;
  tree.files({"open/1.mp4", "closed/2.mp4"});
  tree.file("list.csv", "path,label\nopen/1.mp4,a\nclosed/2.mp4,b\n");
  fs::permissions(tree.root(), fs::perms::all);
  fs::permissions(tree.root() / "closed", fs::perms::none);
  {
    const testing::WithoutRoot other_user;
    if (!other_user.works()) GTEST_SKIP() << "root may read everything, and may not become another user";
    expect_unreadable(tree.settings("list.csv"),
                      {"list.csv:3: '", "closed/2.mp4': Permission denied", "permissions"});
  }
  fs::permissions(tree.root() / "closed", fs::perms::owner_all);
}

TEST(CsvDataset, ReportsTenBadRowsAndCountsTheRest) {
  const DatasetTree tree;
  std::string list = "path,label\n";
  for (int i = 0; i < 14; ++i) list += "gone" + std::to_string(i) + ".mp4,a\n";
  tree.file("list.csv", list);
  expect_unreadable(tree.settings("list.csv"),
                    {"list.csv:2:", "gone0.mp4", "list.csv:11:", "gone9.mp4", "and 4 more"});
}

TEST(CsvDataset, NamesTheLineOfEveryMistake) {
  const DatasetTree tree;
  tree.files({"1.mp4"});
  tree.folder("no_frames");
  tree.file("list.csv",
            "path,label,group,split,begin,end\n"
            "1.mp4,,g,train,,\n"
            "1.mp4,a,,train,,\n"
            "1.mp4,a,g,,,\n"
            "1.mp4,a,g,dev,,\n"
            "1.mp4,a,g,train,3,3\n"
            "1.mp4,a,g,train,\"1,5\",\n"
            "1.mp4,a,g,train,-1,\n"
            ",a,g,train,,\n"
            "no_frames,a,g,train,,\n");
  expect_unreadable(
      tree.settings("list.csv"),
      {"list.csv:2: the label is empty", "list.csv:3: the group is empty", "list.csv:4: the split is empty",
       "list.csv:5: unknown split 'dev'", "list.csv:6: begin (3) is not before end (3)",
       "list.csv:7: begin '1,5'", "list.csv:8: begin '-1'", "list.csv:9: the path is empty",
       "list.csv:10:", "folder without numbered frames"});
}

TEST(CsvDataset, NamesTheLinesOfPathsThatCannotBe) {
  const DatasetTree tree;
  tree.file("list.csv", "path,label\n" + std::string(300, 'x') + ",a\ngone.mp4,b\n");
  expect_unreadable(tree.settings("list.csv"), {"list.csv:2: no video", "list.csv:3: no video"});
}

TEST(CsvDataset, EmptyColumnsAreNoColumns) {
  const DatasetTree tree;
  tree.files({"1.mp4", "2.mp4"});
  tree.file("list.csv", "path,label,group,split\n1.mp4,a,,\n2.mp4,b,,\n");
  const DatasetIndex index = read_dataset(tree.settings("list.csv"));
  EXPECT_FALSE(index.has_splits);
  EXPECT_EQ(summary(index), (Lines{"a: 1.mp4", "b: 2.mp4"}));
}

TEST(CsvDataset, RefusesUnknownColumnsAndLists) {
  const DatasetTree tree;
  tree.file("list.csv", "path,label,start\n");
  expect_unreadable(tree.settings("list.csv"), {"list.csv lists no clips"});
  tree.file("list.csv", "path,label,spilt\nx,y,z\n");
  expect_unreadable(tree.settings("list.csv"), {"unknown column 'spilt', did you mean 'split'?"});
}

TEST(CsvDataset, ReadsTheRealLists) {
  const fs::path ut = testing::shared_list("ut-interaction-set1");
  const fs::path gestures = testing::shared_list("gesture-pairs");
  if (!fs::exists(ut) || !fs::exists(gestures)) GTEST_SKIP() << "no shared video at " << ut;
  DataSettings settings;
  settings.path = ut;
  const DatasetIndex interactions = read_dataset(settings);
  EXPECT_EQ(interactions.clips.size(), 60u);
  EXPECT_EQ(interactions.classes,
            (Lines{"hand_shaking", "hugging", "kicking", "pointing", "punching", "pushing"}));
  EXPECT_EQ(interactions.clips[0].group, "s01");
  settings.path = gestures;
  const DatasetIndex pairs = read_dataset(settings);
  EXPECT_EQ(pairs.clips.size(), 164u);
  EXPECT_EQ(pairs.classes, (Lines{"rotate_ccw", "rotate_cw", "swipe_down", "swipe_up"}));
  EXPECT_EQ(pairs.clips[0].group, "");
}

}  // namespace
}  // namespace actrec
