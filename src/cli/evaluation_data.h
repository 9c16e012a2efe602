#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "data/splits.h"
#include "engine/checkpoint.h"
#include "report/report.h"

namespace actrec {

// Which clips a checkpoint is evaluated on, as evaluate and its siblings take it.
struct DataOptions {
  std::string data;   // empty: the data set trained on
  std::string split;  // empty: test, or val without one; all clips of `data`
};
void add_data_options(CLI::App& app, DataOptions& options);

struct EvaluationData {
  std::vector<ClipRef> clips;  // labelled with the checkpoint's class indices
  SplitInfo split;
  std::vector<SplitSummary> splits;  // of the data set trained on; empty for another
};

// Throws DataError where the data are not there, have unknown classes, or no clips in that split.
EvaluationData load_evaluation_data(const CheckpointInfo& info, const DataOptions& options);

// The split `name` of the data set that is trained on.
EvaluationData evaluation_data_of(const DataSplits& splits, const Settings& settings,
                                  const std::string& name);

// The clip of that name, which must be among them.
const ClipRef& clip_named(const std::vector<ClipRef>& clips, const std::string& name);

// "test split, by group"
std::string describe(const SplitInfo& split);

}  // namespace actrec
