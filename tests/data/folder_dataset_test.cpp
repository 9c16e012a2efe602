#include "data/folder_dataset.h"

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

TEST(FolderDataset, ReadsAFolderPerClass) {
  const DatasetTree tree;
  tree.files({"walk/b.mp4", "walk/a.avi", "run/2020/deep/x.MKV", "Zoom/z.webm"});
  tree.frames("run/frames_of_y");
  const DatasetIndex index = read_dataset(tree.settings());
  EXPECT_EQ(index.format, "folder per class");
  EXPECT_FALSE(index.has_splits);
  EXPECT_EQ(index.classes, (Lines{"Zoom", "run", "walk"}));  // bytewise: capitals first
  EXPECT_EQ(summary(index), (Lines{"Zoom: Zoom/z.webm", "run: run/2020/deep/x.MKV", "run: run/frames_of_y",
                                   "walk: walk/a.avi", "walk: walk/b.mp4"}));
  EXPECT_EQ(index.clips[2].path, tree.root() / "run/frames_of_y");
  EXPECT_TRUE(index.clips[0].whole());
}

TEST(FolderDataset, LeavesHiddenAndOtherFilesOut) {
  const DatasetTree tree;
  tree.files({"a/x.mp4", "b/y.mp4", "b/notes.txt", "b/.z.mp4", ".git/w.mp4", "b/.hidden/v.mp4", "README.md"});
  const LogCapture log;
  EXPECT_EQ(summary(read_dataset(tree.settings())), (Lines{"a: a/x.mp4", "b: b/y.mp4"}));
  EXPECT_TRUE(contains(log.text(), "debug: 2 files")) << log.text();
}

TEST(FolderDataset, ImagesBesideVideosAreNoFrames) {
  const DatasetTree tree;
  tree.files({"jump/a.mp4", "run/session1/a.mp4", "run/session1/b.mp4", "run/session1/c01.jpg"});
  const Lines clips{"jump: jump/a.mp4", "run: run/session1/a.mp4", "run: run/session1/b.mp4"};
  EXPECT_EQ(summary(read_dataset(tree.settings())), clips);
  tree.file("jump/thumb1.jpg");
  EXPECT_EQ(summary(read_dataset(tree.settings())), clips);
}

TEST(FolderDataset, TakesNonAsciiNames) {
  const DatasetTree tree;
  tree.files({"añadir/vidéo №1.mp4", "走る/動画.mp4"});
  const DatasetIndex index = read_dataset(tree.settings());
  EXPECT_EQ(index.classes, (Lines{"añadir", "走る"}));
  EXPECT_EQ(index.clips[1].name, "走る/動画.mp4");
}

TEST(FolderDataset, ReadsAFolderPerSplitThenClass) {
  const DatasetTree tree;
  tree.files({"train/a/1.mp4", "train/b/2.mp4", "valid/a/3.mp4", "valid/b/5.mp4", "Test/b/more/4.mp4"});
  const DatasetIndex index = read_dataset(tree.settings());
  EXPECT_EQ(index.format, "folder per split, then class");
  EXPECT_TRUE(index.has_splits);
  EXPECT_EQ(summary(index),
            (Lines{"b: Test/b/more/4.mp4 test", "a: train/a/1.mp4 train", "b: train/b/2.mp4 train",
                   "a: valid/a/3.mp4 val", "b: valid/b/5.mp4 val"}));
}

TEST(FolderDataset, AClassMayBeNamedLikeASplit) {
  const DatasetTree tree;
  tree.files({"train/1.mp4", "bus/2.mp4"});
  const LogCapture log;
  EXPECT_EQ(read_dataset(tree.settings()).classes, (Lines{"bus", "train"}));
  EXPECT_TRUE(contains(log.text(), "warning: 'train' in " + tree.root().string() + " is taken for a class"))
      << log.text();
}

TEST(FolderDataset, FollowsLinksWithoutLooping) {
  const DatasetTree tree;
  tree.files({"a/x.mp4", "b/y.mp4"});
  const DatasetTree elsewhere;
  elsewhere.files({"z.mp4", "inner/w.mp4"});
  fs::create_directory_symlink(tree.root(), tree.root() / "a/up");
  fs::create_directory_symlink(tree.root() / "a", tree.root() / "a/self");
  fs::create_directory_symlink("itself", tree.root() / "a/itself");
  fs::create_directory_symlink(elsewhere.root(), tree.root() / "b/linked");
  fs::create_directory_symlink(elsewhere.root() / "inner", tree.root() / "b/linked_again");
  // The link upwards makes a's folder part of itself, and b's part of a: the same video in two classes.
  expect_unreadable(tree.settings(), {"listed before", "y.mp4"});
  fs::remove(tree.root() / "a/up");
  EXPECT_EQ(summary(read_dataset(tree.settings())).size(), 4u);
}

TEST(FolderDataset, NamesLinksToNothing) {
  const DatasetTree tree;
  tree.files({"a/x.mp4", "b/y.mp4"});
  fs::create_symlink("gone.mp4", tree.root() / "b/link.mp4");
  expect_unreadable(tree.settings(), {"b/link.mp4", "link leads to nothing"});
}

TEST(FolderDataset, RefusesClassesWithoutVideos) {
  const DatasetTree tree;
  tree.files({"a/x.mp4", "b/y.mp4", "c/1.txt", "c/2.txt"});
  expect_unreadable(tree.settings(), {"/c has no videos, only 2 other files"});
  fs::remove(tree.root() / "c/1.txt");
  fs::remove(tree.root() / "c/2.txt");
  expect_unreadable(tree.settings(), {"/c is empty"});
  EXPECT_EQ(read_dataset_unchecked(tree.settings()).clips.size(), 2u);
}

TEST(FolderDataset, RefusesClassesThatTrainDoesNotHave) {
  const DatasetTree tree;
  tree.files({"train/walk/1.mp4", "train/run/2.mp4", "test/walk/3.mp4", "test/wlak/4.mp4"});
  expect_unreadable(tree.settings(),
                    {"class 'wlak' is in test, but not in train", "test/wlak/4.mp4", "'walk'"});
}

TEST(FolderDataset, RefusesSplitFoldersBesideOthers) {
  const DatasetTree tree;
  tree.files({"train/a/1.mp4", "train/b/2.mp4", "test/a/3.mp4", "extra/x.mp4"});
  expect_unreadable(tree.settings(), {"folders for splits, but also extra"});
}

TEST(FolderDataset, RefusesTwoFoldersForOneSplit) {
  const DatasetTree tree;
  tree.files({"train/a/1.mp4", "val/a/2.mp4", "valid/a/3.mp4"});
  expect_unreadable(tree.settings(), {"two folders for one split, val and valid"});
}

TEST(FolderDataset, RefusesSplitsWithoutTrain) {
  const DatasetTree tree;
  tree.files({"val/a/1.mp4", "test/b/2.mp4"});
  expect_unreadable(tree.settings(), {"no clips in its train split"});
  EXPECT_EQ(read_dataset_unchecked(tree.settings()).clips.size(), 2u);
}

TEST(FolderDataset, RefusesEmptySplits) {
  const DatasetTree tree;
  tree.files({"train/a/1.mp4", "train/b/2.mp4"});
  tree.folder("test");
  expect_unreadable(tree.settings(), {"/test has no class folders"});
}

TEST(FolderDataset, RefusesVideosThatAreInNoClass) {
  const DatasetTree tree;
  tree.files({"1.mp4", "2.mp4"});
  expect_unreadable(tree.settings(), {"no class folders", "move the videos into a folder per class"});
  tree.files({"train/3.mp4", "test/a/4.mp4"});
  fs::remove(tree.root() / "1.mp4");
  fs::remove(tree.root() / "2.mp4");
  expect_unreadable(tree.settings(), {"train/3.mp4 is in no class folder"});
}

TEST(FolderDataset, WarnsOfVideosBesideTheClasses) {
  const DatasetTree tree;
  tree.files({"a/x.mp4", "b/y.mp4", "loose.mp4"});
  const LogCapture log;
  EXPECT_EQ(read_dataset(tree.settings()).clips.size(), 2u);
  EXPECT_TRUE(contains(log.text(), "warning: 1 video directly in")) << log.text();
}

TEST(FolderDataset, RefusesFramesInPlaceOfAClass) {
  const DatasetTree tree;
  tree.files({"a/x.mp4"});
  tree.frames("b");
  expect_unreadable(tree.settings(), {"/b holds frames itself"});
}

}  // namespace
}  // namespace actrec
