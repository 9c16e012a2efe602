#include "data/dataset_tree.h"
#include "data/list_dataset.h"

namespace actrec {
namespace {

using testing::contains;
using testing::DatasetTree;
using testing::expect_unreadable;
using testing::LogCapture;
using testing::summary;
using Lines = std::vector<std::string>;

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

TEST_F(Kinetics, NamesPartsByTheirTimes) {
  tree_.files({"AAA.mp4", "BBB_000001_000011.mp4"});
  EXPECT_EQ(summary(read("a,AAA,1.2,11.2,train,0\na,AAA,1.4,11.4,train,0\nb,BBB,1.2,11.2,train,0\n")),
            (Lines{"a: AAA_000001_000011[1.2,11.2] g=AAA train", "a: AAA_000001_000011[1.4,11.4] g=AAA train",
                   "b: BBB_000001_000011 g=BBB train"}));
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
  const std::string endless(300, 'x');  // longer than a file's name can be
  expect_unreadable(write(two + endless + ",CCC,2,12,train,0\n"), {"no video of class '" + endless});
}

TEST_F(Kinetics, SkipsUnlabelledTestRows) {
  tree_.files({"AAA_000001_000011.mp4", "BBB_000002_000012.mp4", "CCC_000002_000012.mp4"});
  EXPECT_EQ(read("a,AAA,1,11,train,0\nb,BBB,2,12,train,0\n,CCC,2,12,test,0\n").clips.size(), 2u);
  EXPECT_TRUE(contains(log_.text(), "info:")) << log_.text();
  EXPECT_TRUE(contains(log_.text(), "1 of the test split without label")) << log_.text();
  expect_unreadable(write(",CCC,2,12,train,0\n"), {"kinetics.csv:2: the label is empty"});
  expect_unreadable(write(",CCC,2,12,test,0\n"),
                    {"kinetics.csv has no labelled row", "train and validate lists"});
}

TEST_F(Kinetics, LeavesLinksToNothingOut) {
  tree_.files({"AAA.mp4", "BBB.mp4"});
  std::filesystem::create_symlink("circle", tree_.root() / "circle");
  EXPECT_EQ(read("a,AAA,1,11,train,0\nb,BBB,2,12,train,0\n").clips.size(), 2u);
}

TEST_F(Kinetics, NamesBadRows) {
  expect_unreadable(write("a,AAA,11,1,train,0\na,../x,1,2,train,0\na,AAA,1,2,dev,0\na,AAA,1,1e300,train,0\n"),
                    {"kinetics.csv:2: '11' to '1'", "kinetics.csv:3: '../x'",
                     "kinetics.csv:4: unknown split 'dev'", "kinetics.csv:5:"});
}

}  // namespace
}  // namespace actrec
