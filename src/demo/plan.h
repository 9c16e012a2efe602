#pragma once

#include <string>
#include <vector>

namespace actrec {

// One row of the list of a demo set.
struct PlannedClip {
  int performer = 0;  // from 0
  int action = 0;     // index into kActions
  std::string path;   // relative to the set's directory, with '/'
  std::string group;  // the performer's name: p01, p02, ...
  const char* split = "";
};

// Every performer with every action, sorted by path. The last performers are the test split, those
// before them val, the rest train; performers are drawn alike, so their order carries nothing.
// `performers` >= 3.
std::vector<PlannedClip> plan_clips(int performers);

// The list as CSV: path,label,group,split.
std::string list_text(const std::vector<PlannedClip>& clips);

}  // namespace actrec
