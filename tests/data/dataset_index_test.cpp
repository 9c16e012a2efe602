#include "data/dataset_index.h"

#include "data/dataset_tree.h"
#include "without_root.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;
using testing::DatasetTree;
using testing::expect_error;
using testing::expect_unreadable;
using testing::summary;
using Lines = std::vector<std::string>;

TEST(DatasetIndex, SaysWhatIsMissing) {
  const DatasetTree tree;
  expect_error<ConfigError>([] { read_dataset(DataSettings{}); }, {"data.path"});
  expect_unreadable(tree.settings("nowhere"), {"nowhere", "data.path"});
  expect_unreadable(tree.settings(), {"no class folders"});
  tree.file("movie.mp4");
  expect_unreadable(tree.settings("movie.mp4"), {"movie.mp4 is a video"});
}

TEST(DatasetIndex, FormatMustFitThePath) {
  const DatasetTree tree;
  tree.file("list.csv", "path,label\n");
  DataSettings settings = tree.settings();
  settings.format = DataFormat::csv;
  expect_unreadable(settings, {"is a folder, but data.format is csv"});
  settings = tree.settings("list.csv");
  settings.format = DataFormat::ucf101;
  expect_unreadable(settings, {"is a file, but data.format is ucf101"});
  settings = tree.settings();
  settings.format = DataFormat::ucf101;
  expect_unreadable(settings, {"classInd.txt"});
}

TEST(DatasetIndex, RefusesFewerThanTwoClasses) {
  const DatasetTree tree;
  tree.files({"videos/a.mp4", "videos/b.mp4"});
  expect_unreadable(tree.settings(),
                    {"only one class, 'videos'", "at least two", "folder of videos per class"});
  tree.file("clips.csv", "path,label\nvideos/a.mp4,x\nvideos/b.mp4,x\n");
  expect_unreadable(tree.settings(), {"set data.path to", "clips.csv"});
  expect_unreadable(tree.settings("clips.csv"), {"only one class, 'x'", "label the clips"});
  EXPECT_EQ(read_dataset_unchecked(tree.settings("clips.csv")).clips.size(), 2u);
  tree.file("kinetics.csv", "label,youtube_id,time_start,time_end,split\nx,a,0,1,train\n");
  tree.file("videos/a_000000_000001.mp4");
  expect_unreadable(tree.settings("kinetics.csv"), {"only one class, 'x'", "list clips of other classes"});
  tree.file("hmdb51/x_test_split1.txt", "a.mp4 1\n");
  tree.file("hmdb51/x/a.mp4");
  expect_unreadable(tree.settings("hmdb51"), {"only one class, 'x'", "list clips of other classes"});
}

TEST(DatasetIndex, SortsClipsAndClasses) {
  const DatasetTree tree;
  tree.files({"c.mp4", "a.mp4", "b.mp4"});
  tree.file("list.csv", "path,label\nc.mp4,walk\na.mp4,run\nb.mp4,Walk\n");
  const DatasetIndex index = read_dataset(tree.settings("list.csv"));
  EXPECT_EQ(index.classes, (Lines{"Walk", "run", "walk"}));
  EXPECT_EQ(summary(index), (Lines{"run: a.mp4", "Walk: b.mp4", "walk: c.mp4"}));
}

TEST(DatasetIndex, RefusesAClipListedTwice) {
  const DatasetTree tree;
  tree.files({"a.mp4", "b.mp4"});
  fs::create_symlink("a.mp4", tree.root() / "link.mp4");
  tree.file("list.csv", "path,label\na.mp4,x\nb.mp4,y\n./a.mp4,y\nlink.mp4,x\n");
  expect_unreadable(tree.settings("list.csv"), {"list.csv:4: './a.mp4' is listed before, at", "list.csv:2",
                                                "list.csv:5: 'link.mp4' is listed before"});
  tree.frames("f");
  tree.file("list.csv", "path,label\nf,x\nf/,y\nf/.,y\nf.mp4,x\n");
  expect_unreadable(tree.settings("list.csv"),
                    {"list.csv:3: 'f/' is listed before", "list.csv:4: 'f/.'", "list.csv:5: 'f.mp4'"});
  tree.file("list.csv", "path,label,begin,end\na.mp4,x,1,2\nb.mp4,y,,\na.mp4,x,1.0,2.00\n");
  expect_unreadable(tree.settings("list.csv"),
                    {"list.csv:4: 'a.mp4[1,2]' is listed before, at", "list.csv:2"});
}

TEST(DatasetIndex, RefusesOverlapBetweenSplits) {
  const DatasetTree tree;
  tree.files({"a.mp4", "b.mp4"});
  const auto list = [&](const std::string& rows) {
    tree.file("list.csv", "path,label,split,begin,end\nb.mp4,y,train,,\n" + rows);
    return tree.settings("list.csv");
  };
  // A short part of the same split in between must not hide the long one.
  expect_unreadable(list("a.mp4,x,train,0,10\na.mp4,x,train,1,2\na.mp4,x,test,5,6\n"),
                    {"list.csv:5: 'a.mp4[5,6]' (test) overlaps 'a.mp4[0,10]' (train) at", "list.csv:3"});
  expect_unreadable(list("a.mp4,x,train,0,10\na.mp4,x,test,,\n"), {"overlaps"});
  EXPECT_EQ(read_dataset(list("a.mp4,x,train,0,5\na.mp4,x,train,3,5\na.mp4,x,test,5,6\n")).clips.size(), 4u);
}

TEST(DatasetIndex, RefusesTheSameVideoInTwoSplitFolders) {
  const DatasetTree tree;
  tree.files({"train/a/1.mp4", "train/b/2.mp4", "test/a/3.mp4"});
  fs::create_symlink("../../train/b/2.mp4", tree.root() / "test/a/again.mp4");
  expect_unreadable(tree.settings(), {"train/b/2.mp4", "test/a/again.mp4", "listed before"});
}

TEST(DatasetIndex, RefusesClassNamesThatAreNotText) {
  const DatasetTree tree;
  tree.files({"caf\xE9/1.mp4", "b/2.mp4"});
  expect_unreadable(tree.settings(), {"not UTF-8"});
}

TEST(DatasetIndex, NamesUnreadableFolders) {
  const DatasetTree tree;
  tree.files({"a/1.mp4", "b/2.mp4"});
  fs::permissions(tree.root(), fs::perms::all);
  fs::permissions(tree.root() / "b", fs::perms::none);
  {
    const testing::WithoutRoot other_user;
    if (!other_user.works()) GTEST_SKIP() << "root may read everything, and may not become another user";
    expect_unreadable(tree.settings(), {"/b", "ermission denied"});
  }
  fs::permissions(tree.root() / "b", fs::perms::owner_all);
}

TEST(DatasetIndex, GroupsComeFromThePattern) {
  const DatasetTree tree;
  tree.files({"a/s1_x.mp4", "b/s2_x.mp4"});
  DataSettings settings = tree.settings();
  settings.split.group_pattern = "(s[0-9]+)_";
  EXPECT_EQ(summary(read_dataset(settings)), (Lines{"a: a/s1_x.mp4 g=s1", "b: b/s2_x.mp4 g=s2"}));
}

}  // namespace
}  // namespace actrec
