#pragma once

#include <string>
#include <vector>

#include "config/settings.h"
#include "data/clip_ref.h"

namespace actrec {

// Every clip of a data set, in a stable order (by name), with sorted class names.
struct DatasetIndex {
  std::vector<ClipRef> clips;
  std::vector<std::string> classes;  // sorted bytewise; ClipRef::label indexes it
  std::string format;                // what it was read as, for messages: "folder per class", "CSV list", ...
  bool has_splits = false;           // the data set itself assigns clips to splits
  int official_split = 0;            // 1 to 3 where they are a published split of UCF101 or HMDB51
};

// Reads the data set at settings.path in settings.format (`auto` looks at what is there). Only lists and
// directories are read here, no video is opened, but every listed file must exist. Groups come from the
// list's column, else from settings.split.group_pattern, else from UCF101's or HMDB51's naming; in a
// list without splits, parts of one video are a group where nothing else is known.
// Throws DataError naming the path (and the line of a list): missing or unreadable data, a class or
// split without clips, fewer than two classes, a clip listed twice or in two splits, a bad number.
// Throws ConfigError: data.path is not set, a bad data.split.group_pattern.
DatasetIndex read_dataset(const DataSettings& settings);

// The same without demands on the number of classes or clips per class, for evaluating on other data.
DatasetIndex read_dataset_unchecked(const DataSettings& settings);

}  // namespace actrec
