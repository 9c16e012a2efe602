#include "engine/run_changes.h"

#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "frame_folders.h"
#include "temporary_directory.h"

namespace actrec {
namespace {

using Lines = std::vector<std::string>;

TEST(ChangedSettings, LeavesOutWhatBelongsToTheMachine) {
  Settings one, other;
  other.device = "cuda:1";
  other.threads = 2;
  other.data.workers = 7;
  other.data.cache_dir = "/elsewhere";
  other.train.checkpoint_minutes = 1;
  EXPECT_EQ(changed_settings(one, other), Lines());
  other.train.epochs = 3;
  EXPECT_EQ(changed_settings(one, other), Lines{"train.epochs: 60 -> 3"});
}

TEST(ResumeChanges, MoreEpochsTheMachineAndThePlaceOfTheDataAreSafe) {
  Settings before, after;
  after.train.epochs = before.train.epochs + 1;
  after.device = "cpu";
  after.threads = 3;
  after.data.workers = 2;
  after.data.cache_dir = "/elsewhere";
  after.data.path = "/moved";
  after.train.checkpoint_minutes = 1;
  const ResumeChanges changes = resume_changes(before, after);
  EXPECT_EQ(changes.safe.size(), 7u);
  EXPECT_EQ(changes.unsafe, Lines());
}

TEST(ResumeChanges, WhatChangesResultsIsNot) {
  Settings before, after;
  after.train.epochs = before.train.epochs - 1;
  after.train.learning_rate = 0.5;
  after.data.split.by = SplitBy::random;
  const ResumeChanges changes = resume_changes(before, after);
  EXPECT_EQ(changes.safe, Lines());
  EXPECT_EQ(changes.unsafe, (Lines{"data.split.by: \"auto\" -> \"random\"", "train.epochs: 60 -> 59",
                                   "train.learning_rate: 0.001 -> 0.5"}));
}

TEST(ResumeChanges, AnotherNumberOfProcessesMustKeepTheClipsOfAStep) {
  Settings before, after;
  before.train.batch_size = 8;
  after.train.batch_size = 16;
  ResumeChanges kept = resume_changes(before, after);
  compare_clips_of_steps(8, 4, 16, 2, kept);
  EXPECT_EQ(kept.safe, Lines{"train.batch_size: 8 -> 16"});
  EXPECT_EQ(kept.unsafe, Lines());

  ResumeChanges fewer = resume_changes(before, before);
  compare_clips_of_steps(8, 4, 8, 2, fewer);
  EXPECT_EQ(fewer.unsafe,
            Lines{"clips of a step: 32 (8 in each of 4 processes) -> 16 (8 in each of 2), which --set "
                  "train.batch_size=16 keeps as they were"});
  ResumeChanges odd = resume_changes(before, before);
  compare_clips_of_steps(8, 4, 8, 3, odd);
  EXPECT_EQ(odd.unsafe, Lines{"clips of a step: 32 (8 in each of 4 processes) -> 24 (8 in each of 3)"});

  // One process more or less makes no other batch size safe.
  ResumeChanges alone = resume_changes(before, after);
  compare_clips_of_steps(8, 1, 16, 1, alone);
  EXPECT_EQ(alone.unsafe, Lines{"train.batch_size: 8 -> 16"});
}

TEST(ProcessesOf, IsOneInFilesOfBefore) {
  EXPECT_EQ(processes_of({}), 1);
  EXPECT_EQ(processes_of(describe_machine(Settings(), torch::kCPU, 3)), 3);
}

TEST(ChangedMachine, ListsWhatDiffers) {
  const auto machine = describe_machine(Settings(), torch::kCPU, 1);
  auto other = machine;
  EXPECT_EQ(changed_machine(machine, other), Lines());
  other["LibTorch"] = "9.9.9";
  EXPECT_EQ(changed_machine(other, machine), Lines{"LibTorch: 9.9.9 -> " + machine.at("LibTorch")});
}

TEST(ChangedClips, ListsWhatIsNewGoneOrOtherwise) {
  TemporaryDirectory directory;
  DataSplits splits = moving_square_splits(directory.path());
  const std::string before = list_clips(splits);
  EXPECT_EQ(changed_clips(before, list_clips(splits)), Lines());

  DataSplits changed = splits;
  const std::string grown = changed.train[1].name;
  write_moving_square(changed.train[1].path, 12, 1, 0);  // was of 6 frames
  changed.val.push_back(changed.train.back());           // of 7 frames
  const std::string moved = changed.train.back().name;
  changed.train.pop_back();
  changed.train[0].name = "another";
  const std::string gone = splits.train[0].name;
  EXPECT_EQ(changed_clips(before, list_clips(changed)),
            (Lines{gone + " is gone", grown + ": train right 6 -> train right 12",
                   moved + ": train right 7 -> val right 7", "another is new"}));
  EXPECT_EQ(changed_clips(before, list_clips(changed), 1), (Lines{gone + " is gone", "and 3 more"}));
}

TEST(ChangedClips, AnotherOrderIsAnotherRun) {
  TemporaryDirectory directory;
  DataSplits splits = moving_square_splits(directory.path());
  const std::string before = list_clips(splits);
  std::swap(splits.train[0], splits.train[1]);
  EXPECT_EQ(changed_clips(before, list_clips(splits)).size(), 1u);
}

TEST(ListClips, AFilesSizeIsInBytes) {
  TemporaryDirectory directory;
  DataSplits splits;
  splits.classes = {"jump"};
  ClipRef clip;
  clip.name = "a b.mp4";
  clip.path = directory / "a.mp4";
  clip.label = 0;
  splits.train = {clip};
  EXPECT_EQ(list_clips(splits), "train\tjump\t0\ta b.mp4\n");
  write_file_atomically(clip.path, "12345");
  EXPECT_EQ(list_clips(splits), "train\tjump\t5\ta b.mp4\n");
}

}  // namespace
}  // namespace actrec
