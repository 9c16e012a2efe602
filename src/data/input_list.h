#pragma once

#include <string>
#include <vector>

#include "data/clip_ref.h"

namespace actrec {

// One thing to predict, named `clip.name`, or why there is none.
struct InputClip {
  ClipRef clip;
  std::string error;  // what is wrong and what to do; empty: nothing
};

// What an input of `predict` stands for, in a fixed order:
// - a video file, or a folder of numbered frames: itself;
// - another folder: all videos and folders of numbered frames below it, hidden entries left out and each
// linked
//   folder visited once;
// - a list, a file ending in .csv or .txt, or any after an @: a CSV table with a column `path` and optionally
//   `begin` and `end` in seconds (other columns are left alone), or else a path a line. Paths are relative to
//   the list.
// Whether videos can be read is not looked at. What cannot be expanded is one InputClip with an error.
std::vector<InputClip> expand_input(const std::string& input);

}  // namespace actrec
