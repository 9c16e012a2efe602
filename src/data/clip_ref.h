#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>

namespace actrec {

// One labelled clip of a data set: a video file or a folder of numbered frames, or a part of either.
struct ClipRef {
  std::filesystem::path path;
  std::string name;          // as the data set writes it, for messages and keys: unique within a data set
  int label = -1;            // index into the data set's classes; -1: unlabelled
  std::string group;         // what must stay in one split (recording, person); empty: not known
  std::string split;         // "train", "val", "test" as the data set says; empty: it does not
  double begin_seconds = 0;  // the part of the video that is the clip: begin <= time < end
  double end_seconds = std::numeric_limits<double>::infinity();

  bool whole() const { return begin_seconds <= 0 && end_seconds == std::numeric_limits<double>::infinity(); }
};

}  // namespace actrec
