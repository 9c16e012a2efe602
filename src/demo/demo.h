#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace actrec {

// A small labelled video set, drawn rather than filmed, to try the trainer on without data. An
// articulated figure does one of eight actions, which form four pairs: raise_arm / lower_arm,
// step_left / step_right, sit_down / stand_up, turn_left / turn_right (left and right as the viewer
// sees them). Within a pair each action is the other backwards in time, in distribution: the frames
// of one class, their order forgotten, are distributed as those of its partner. So a model that
// averages over frames cannot do better than 0.5, and one that sees their order can reach 1.
struct DemoOptions {
  int performers = 28;     // at least 3; each does every action once, so 8 clips a performer
  std::uint64_t seed = 1;  // what is drawn is a pure function of (seed, performer, action)
  int threads = 1;         // at least 1; has no influence on the result
};

struct DemoSummary {
  int clips = 0;
  std::vector<std::string> classes;  // sorted
  int train_clips = 0, val_clips = 0, test_clips = 0;
  std::string codec;           // "MPEG-4", or "H.264" where OpenCV's FFmpeg has no MPEG-4 encoder
  std::filesystem::path list;  // directory/clips.csv
};

// Renders the set: directory/clips/CLASS/CLASS_pNN.mp4 (160x120, 25 frames/s, 32 to 48 frames) and
// directory/clips.csv with the columns path,label,group,split. The group is the performer; about 64%
// of the performers go to train, 14% to val and 22% to test, at least one to each. The list is
// published last, so that an interrupted run leaves clips but no list.
//
// `progress`, if given, is called after every clip with the number of clips done, which grows by one
// from call to call; calls come from any thread but never two at once. What it throws ends the run.
//
// A directory that holds an earlier (also an interrupted) set of the same size is rendered over. Throws
// ConfigError for bad options, Error for a directory that holds anything else or cannot be written to,
// and when no encoder works. While it runs, OpenCV's own threads and log messages are off, process-wide.
DemoSummary render_demo(const std::filesystem::path& directory, const DemoOptions& options,
                        const std::function<void(int done, int total)>& progress = {});

}  // namespace actrec
