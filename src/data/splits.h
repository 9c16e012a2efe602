#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/settings.h"
#include "data/clip_ref.h"
#include "data/dataset_index.h"

namespace actrec {

// A data set divided into clips to learn from, to choose the best epoch with, and to report on.
struct DataSplits {
  std::vector<ClipRef> train, val, test;  // test may be empty; each in the index's order
  std::vector<std::string> classes;
  std::string method;       // for people: "as given", "by group", "RANDOM SPLIT", "fold 2 of 5 by group", ...
  bool random = false;      // clip by clip, although clips may share a recording: results may leak
  std::string fingerprint;  // 16 hex digits over names, labels and split of every clip
  std::string leakage;      // verdict of the audit (leakage.h); empty: not looked for

  // "train", "val" or "test"; throws ConfigError for another name.
  const std::vector<ClipRef>& split(const std::string& name) const;
};

// Divides the clips as settings.by, settings.folds and the rest say; a pure function of its arguments.
// Every clip must have a label, and the settings no contradictions (find_contradictions in
// config/config_file.h): fold < folds, no folds of given splits, val + test < 1.
// Made splits are stratified by class. With groups, a group never lands in two splits. Where the data set
// gives train and test but no val, val is taken from train (by group where groups are known), never from
// test. Throws DataError: a class without training clips, an empty train or val split, a group in two given
// splits, fewer groups than folds, `group` asked for without groups (says how to give them), `given` without
// splits. Throws ConfigError where data.split.val is 0 and validation clips have to be found. Logs a warning
// for a random split and for classes missing from val or test.
DataSplits make_splits(const DatasetIndex& index, const SplitSettings& settings, std::uint64_t seed);

// The same without these warnings.
DataSplits divide_clips(const DatasetIndex& index, const SplitSettings& settings, std::uint64_t seed);

// 16 hex digits; the same for the same clips, labels and splits in any order. Every clip must have a label.
std::string split_fingerprint(const DataSplits& splits);

}  // namespace actrec
