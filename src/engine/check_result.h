#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/results.h"

namespace actrec {

// Lengths of the clips of one split that can be decoded.
struct ClipLengths {
  std::int64_t clips = 0;
  std::int64_t shortest = 0, median = 0, longest = 0;  // frames
  double shortest_seconds = 0, median_seconds = 0, longest_seconds = 0;
  double total_seconds = 0;
};

// A clip that differs much from the others, or from what it claims to be.
struct OddClip {
  std::string clip;
  std::string what;  // "12 frames, the median is 240"
};

// Something that two splits share (see LeakAudit in data/leakage.h).
struct FoundLeak {
  std::string kind;  // "file", "content", "group" or "near_duplicate"
  std::string clips[2], splits[2];
  std::string text;  // for people
};

// What `actrec check` finds out about a data set.
struct CheckResult {
  std::string data, format;
  std::vector<std::string> classes;
  std::vector<std::string> splits;               // train, val and test
  std::vector<std::vector<std::int64_t>> table;  // [class][split], clips
  std::vector<ClipLengths> lengths;              // of each split
  std::int64_t clips = 0, frames = 0;            // frames that can be decoded
  std::vector<SkippedClip> broken;               // by name
  std::vector<OddClip> odd;
  std::vector<std::string> warnings;  // sentences
  std::vector<FoundLeak> leaks;
  bool leaking = false;  // leaks that the verdict counts
  std::optional<SplitInfo> split;
  double seconds = 0;    // that the check took
  std::string manifest;  // where it was written
};

}  // namespace actrec
