#include "data/list_dataset.h"

#include <cmath>

#include "data/dataset_tree.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;
using testing::contains;
using testing::DatasetTree;
using testing::expect_unreadable;
using testing::LogCapture;
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

class Kinetics : public ::testing::Test {
 protected:
  DatasetIndex read(const std::string& rows) { return read_dataset(write(rows)); }
  DataSettings write(const std::string& rows) {
    tree_.file("kinetics.csv", "label,youtube_id,time_start,time_end,split,is_cc\n" + rows);
    return tree_.settings("kinetics.csv");
  }
  const DatasetTree tree_;
  const LogCapture log_;
};

TEST_F(Kinetics, FindsVideosWhereDownloadersPutThem) {
  tree_.files({"AAA_000001_000011.mp4", "videos/BBB_000002_000012.webm",
               "videos/riding a bike/CCC_000003_000013.mkv", "videos/riding_a_bike/DDD_000004_000014.mp4",
               "val/EEE_000005_000015.mp4", "videos/validate/riding_a_bike/FFF_000006_000016.mp4",
               "videos/-_G-_000007_000017.mp4"});
  tree_.frames("train/archery/HHH_000008_000018");
  const DatasetIndex index = read(
      "archery,AAA,1,11,train,0\narchery,BBB,2,12,train,0\nriding a bike,CCC,3,13,train,0\n"
      "riding a bike,DDD,4,14,train,0\narchery,EEE,5,15,validate,0\nriding a bike,FFF,6,16,validate,1\n"
      "archery,-_G-,7,17,train,0\narchery,HHH,8,18,train,0\n");
  EXPECT_EQ(index.format, "Kinetics list");
  EXPECT_TRUE(index.has_splits);
  EXPECT_EQ(summary(index),
            (Lines{"archery: -_G-_000007_000017 g=-_G- train", "archery: AAA_000001_000011 g=AAA train",
                   "archery: BBB_000002_000012 g=BBB train", "riding a bike: CCC_000003_000013 g=CCC train",
                   "riding a bike: DDD_000004_000014 g=DDD train", "archery: EEE_000005_000015 g=EEE val",
                   "riding a bike: FFF_000006_000016 g=FFF val", "archery: HHH_000008_000018 g=HHH train"}));
  for (const ClipRef& clip : index.clips) EXPECT_TRUE(clip.whole()) << clip.name;
  EXPECT_EQ(index.clips[7].path, tree_.root() / "train/archery/HHH_000008_000018");
}

TEST_F(Kinetics, TakesItsPartOfAnUntrimmedVideo) {
  tree_.files({"AAA.mp4", "BBB.mp4", "BBB_000002_000012.mp4"});
  const DatasetIndex index = read("a,AAA,1,11,train,0\nb,BBB,2,12,train,0\na,AAA,30.5,40.5,train,0\n");
  ASSERT_EQ(index.clips.size(), 3u);
  EXPECT_EQ(index.clips[0].path, tree_.root() / "AAA.mp4");
  EXPECT_EQ(index.clips[0].begin_seconds, 1);
  EXPECT_EQ(index.clips[0].end_seconds, 11);
  EXPECT_EQ(index.clips[1].begin_seconds, 30.5);
  EXPECT_TRUE(index.clips[2].whole());
}

TEST_F(Kinetics, LeavesMissingVideosOutWithAWarning) {
  tree_.files({"AAA_000001_000011.mp4", "BBB_000002_000012.mp4"});
  EXPECT_EQ(read("a,AAA,1,11,train,0\nb,BBB,2,12,train,0\nb,GONE,2,12,train,0\n").clips.size(), 2u);
  EXPECT_TRUE(contains(log_.text(), "warning")) << log_.text();
  EXPECT_TRUE(contains(log_.text(), "1 of 3 listed clips")) << log_.text();
}

TEST_F(Kinetics, RefusesAClassASplitOrAListWithoutAnyVideo) {
  tree_.files({"AAA_000001_000011.mp4", "BBB_000002_000012.mp4"});
  const std::string two = "a,AAA,1,11,train,0\nb,BBB,2,12,train,0\n";
  expect_unreadable(write(two + "c,CCC,2,12,train,0\n"), {"no video of class 'c'"});
  expect_unreadable(write(two + "a,CCC,2,12,test,0\n"), {"no video of the test split"});
  expect_unreadable(write("a,CCC,2,12,train,0\nb,DDD,2,12,train,0\n"),
                    {"none of 2 listed videos", "data.videos"});
}

TEST_F(Kinetics, SkipsUnlabelledTestRows) {
  tree_.files({"AAA_000001_000011.mp4", "BBB_000002_000012.mp4", "CCC_000002_000012.mp4"});
  EXPECT_EQ(read("a,AAA,1,11,train,0\nb,BBB,2,12,train,0\n,CCC,2,12,test,0\n").clips.size(), 2u);
  EXPECT_TRUE(contains(log_.text(), "info:")) << log_.text();
  EXPECT_TRUE(contains(log_.text(), "1 of the test split without label")) << log_.text();
  expect_unreadable(write(",CCC,2,12,train,0\n"), {"kinetics.csv:2: the label is empty"});
}

TEST_F(Kinetics, NamesBadRows) {
  expect_unreadable(write("a,AAA,11,1,train,0\na,../x,1,2,train,0\na,AAA,1,2,dev,0\na,AAA,1,1e300,train,0\n"),
                    {"kinetics.csv:2: '11' to '1'", "kinetics.csv:3: '../x'",
                     "kinetics.csv:4: unknown split 'dev'", "kinetics.csv:5:"});
}

}  // namespace
}  // namespace actrec
