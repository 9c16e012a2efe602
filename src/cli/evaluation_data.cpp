#include "cli/evaluation_data.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>

#include "cli/common.h"
#include "core/error.h"
#include "core/text.h"
#include "data/dataset_index.h"

namespace actrec {
namespace {

// Gives each clip the label that its class has in the checkpoint. Classes the data lacks are fine.
void relabel(std::vector<ClipRef>& clips, const std::vector<std::string>& data_classes,
             const std::vector<std::string>& classes) {
  std::vector<std::string> unknown;
  std::vector<int> label_of;
  for (const std::string& name : data_classes) {
    const auto match = std::find(classes.begin(), classes.end(), name);
    if (match == classes.end()) unknown.push_back(name);
    label_of.push_back(static_cast<int>(match - classes.begin()));
  }
  if (!unknown.empty()) {
    throw DataError(
        fmt::format("the data has classes that the checkpoint does not know: {}; the checkpoint knows: {}",
                    join(unknown, ", "), join(classes, ", ")),
        "evaluate on data with the same class names, or train a model for these classes");
  }
  for (ClipRef& clip : clips) clip.label = label_of[static_cast<std::size_t>(clip.label)];
}

SplitSummary summarize(const std::string& name, const std::vector<ClipRef>& clips) {
  std::set<std::string> groups;
  std::set<int> classes;
  for (const ClipRef& clip : clips) {
    groups.insert(clip.group);
    classes.insert(clip.label);
  }
  SplitSummary summary{name, static_cast<std::int64_t>(clips.size())};
  if (groups.count("") == 0) summary.groups = static_cast<std::int64_t>(groups.size());
  summary.classes = static_cast<std::int64_t>(classes.size());
  return summary;
}

EvaluationData own_data(const CheckpointInfo& info, std::string split) {
  const std::filesystem::path& path = info.settings.data.path;
  if (!std::filesystem::exists(path)) {
    throw DataError(
        fmt::format("the data set that the model was trained on, {}, does not exist here", path.string()),
        "give a data set with --data PATH");
  }
  const DataSplits splits = load_splits(info.settings);
  const bool changed = splits.fingerprint != info.split_fingerprint;
  if (changed) {
    spdlog::warn(
        "the data set or its splits have changed since training: clips evaluated now may have been trained "
        "on");
  }
  if (split.empty()) split = splits.test.empty() ? "val" : "test";
  EvaluationData result = evaluation_data_of(splits, info.settings, split);
  if (!changed) result.split.leakage = info.leakage;
  if (result.clips.empty()) {
    throw DataError(fmt::format("the {} split of {} is empty", split, path.string()),
                    "choose another with --split");
  }
  relabel(result.clips, splits.classes, info.classes);
  return result;
}

EvaluationData other_data(const CheckpointInfo& info, const DataOptions& options) {
  DataSettings data = info.settings.data;
  data.path = absolute_path(options.data);
  data.format = DataFormat::automatic;
  data.videos.clear();
  data.split = SplitSettings();  // groups and folds of the training data mean nothing here
  DatasetIndex index = read_dataset_unchecked(data);
  relabel(index.clips, index.classes, info.classes);
  DataSplits chosen;
  chosen.classes = info.classes;
  std::copy_if(index.clips.begin(), index.clips.end(), std::back_inserter(chosen.test),
               [&](const ClipRef& clip) { return options.split.empty() || clip.split == options.split; });
  if (chosen.test.empty()) {
    throw DataError(fmt::format("{} has no clips in split '{}'", options.data, options.split),
                    "leave out --split to use all clips");
  }
  EvaluationData result;
  result.clips = chosen.test;
  result.split = {options.split.empty() ? "all" : options.split, "", split_fingerprint(chosen), "",
                  data.path.string()};
  return result;
}

}  // namespace

void add_data_options(CLI::App& app, DataOptions& options) {
  app.add_option("--data", options.data, "another labelled data set; the default is the one trained on")
      ->type_name("PATH");
  app.add_option("--split", options.split,
                 "train, val or test; the default is test (val without one), or all clips of --data")
      ->check(CLI::IsMember({"train", "val", "test"}));
}

EvaluationData load_evaluation_data(const CheckpointInfo& info, const DataOptions& options) {
  return options.data.empty() ? own_data(info, options.split) : other_data(info, options);
}

EvaluationData evaluation_data_of(const DataSplits& splits, const Settings& settings,
                                  const std::string& name) {
  EvaluationData data;
  data.clips = splits.split(name);
  data.split = {name, splits.method, splits.fingerprint, splits.leakage, settings.data.path.string()};
  for (const char* one : {"train", "val", "test"}) data.splits.push_back(summarize(one, splits.split(one)));
  return data;
}

const ClipRef& clip_named(const std::vector<ClipRef>& clips, const std::string& name) {
  return *std::find_if(clips.begin(), clips.end(), [&](const ClipRef& clip) { return clip.name == name; });
}

std::string describe(const SplitInfo& split) {
  const std::string name = split.name == "all" ? "all clips" : split.name + " split";
  return split.method.empty() ? name : name + ", " + split.method;
}

}  // namespace actrec
