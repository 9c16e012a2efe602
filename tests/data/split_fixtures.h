#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "data/splits.h"

namespace actrec::testing {

// Made-up data sets to divide, and what is asked of divisions.

using Lines = std::vector<std::string>;

inline std::string numbered(const char* prefix, int number) { return fmt::format("{}{:02}", prefix, number); }

// `groups` people who each do every one of `classes` actions `repeats` times; no groups or splits are named.
inline DatasetIndex people(int classes, int groups, int repeats) {
  DatasetIndex index;
  for (int c = 0; c < classes; ++c) index.classes.push_back(numbered("class", c));
  for (int c = 0; c < classes; ++c) {
    for (int g = 0; g < groups; ++g) {
      for (int r = 0; r < repeats; ++r) {
        ClipRef clip;
        clip.name = numbered("class", c) + "/" + numbered("p", g) + numbered("_", r) + ".mp4";
        clip.path = clip.name;
        clip.label = c;
        clip.group = numbered("p", g);
        index.clips.push_back(clip);
      }
    }
  }
  return index;
}

inline DatasetIndex without_groups(DatasetIndex index) {
  for (ClipRef& clip : index.clips) clip.group.clear();
  return index;
}

// Splits by person: the last `tests` people test, the `vals` before them validate.
inline DatasetIndex with_splits(DatasetIndex index, int vals, int tests) {
  std::set<std::string> names;
  for (const ClipRef& clip : index.clips) names.insert(clip.group);
  const std::vector<std::string> groups(names.begin(), names.end());
  for (ClipRef& clip : index.clips) {
    const auto from_end =
        static_cast<int>(groups.end() - std::find(groups.begin(), groups.end(), clip.group));
    clip.split = from_end <= tests ? "test" : from_end <= tests + vals ? "val" : "train";
  }
  index.has_splits = true;
  return index;
}

inline Lines names(const std::vector<ClipRef>& clips) {
  Lines names;
  for (const ClipRef& clip : clips) names.push_back(clip.name);
  return names;
}

inline std::set<std::string> groups_of(const std::vector<ClipRef>& clips) {
  std::set<std::string> groups;
  for (const ClipRef& clip : clips) groups.insert(clip.group);
  return groups;
}

inline std::size_t shared_groups(const std::vector<ClipRef>& a, const std::vector<ClipRef>& b) {
  std::size_t shared = 0;
  for (const std::string& group : groups_of(a)) shared += groups_of(b).count(group);
  return shared;
}

inline void expect_no_shared_groups(const DataSplits& splits) {
  EXPECT_EQ(shared_groups(splits.train, splits.val), 0u);
  EXPECT_EQ(shared_groups(splits.train, splits.test), 0u);
  EXPECT_EQ(shared_groups(splits.val, splits.test), 0u);
}

// Every clip once, each split in the index's order (which is by name).
inline void expect_partition(const DataSplits& splits, const DatasetIndex& index) {
  Lines all;
  for (const auto* clips : {&splits.train, &splits.val, &splits.test}) {
    const Lines some = names(*clips);
    EXPECT_TRUE(std::is_sorted(some.begin(), some.end()));
    all.insert(all.end(), some.begin(), some.end());
  }
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, names(index.clips));
}

inline double share(const std::vector<ClipRef>& clips, int label, const DatasetIndex& index) {
  const auto of_class = [&](const ClipRef& clip) { return clip.label == label; };
  return static_cast<double>(std::count_if(clips.begin(), clips.end(), of_class)) /
         static_cast<double>(std::count_if(index.clips.begin(), index.clips.end(), of_class));
}

inline SplitSettings by(SplitBy how) {
  SplitSettings settings;
  settings.by = how;
  return settings;
}

inline SplitSettings fold_of(int fold, int folds, SplitBy how = SplitBy::automatic) {
  SplitSettings settings = by(how);
  settings.fold = fold;
  settings.folds = folds;
  return settings;
}

}  // namespace actrec::testing
