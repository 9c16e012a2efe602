#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "cli/common.h"
#include "cli/verbs.h"
#include "config/config_file.h"
#include "core/text.h"
#include "data/dataset_index.h"
#include "engine/checkpoint.h"
#include "engine/evaluator.h"
#include "report/progress.h"
#include "report/results_text.h"

namespace actrec {
namespace {

struct EvaluateArguments {
  std::string checkpoint, data, split, bad_videos;
  InferenceOptions inference;
  bool json = false;
};

// The clips to evaluate on, labelled with the checkpoint's class indices.
struct EvaluationClips {
  std::vector<ClipRef> clips;
  std::string description;
  SplitInfo split;
};

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

EvaluationClips clips_of_own_data(const CheckpointInfo& info, std::string split) {
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
  EvaluationClips result{splits.split(split),
                         fmt::format("{} split, {}", split, splits.method),
                         {split, splits.method, splits.fingerprint, changed ? "" : info.leakage}};
  if (result.clips.empty()) {
    throw DataError(fmt::format("the {} split of {} is empty", split, info.settings.data.path.string()),
                    "choose another with --split");
  }
  relabel(result.clips, splits.classes, info.classes);
  return result;
}

EvaluationClips clips_of_other_data(const CheckpointInfo& info, const std::string& path,
                                    const std::string& split) {
  DataSettings data = info.settings.data;
  data.path = absolute_path(path);
  data.format = DataFormat::automatic;
  data.videos.clear();
  data.split = SplitSettings();  // groups and folds of the training data mean nothing here
  DatasetIndex index = read_dataset_unchecked(data);
  relabel(index.clips, index.classes, info.classes);
  const auto with_fingerprint = [&](EvaluationClips result) {
    DataSplits evaluated;
    evaluated.classes = info.classes;
    evaluated.test = result.clips;
    result.split.fingerprint = split_fingerprint(evaluated);
    return result;
  };
  if (split.empty())
    return with_fingerprint({index.clips, "all clips", {"", "all clips of other data", "", ""}});
  EvaluationClips result{{}, split + " split", {split, "as given by other data", "", ""}};
  std::copy_if(index.clips.begin(), index.clips.end(), std::back_inserter(result.clips),
               [&](const ClipRef& clip) { return clip.split == split; });
  if (result.clips.empty()) {
    throw DataError(fmt::format("{} has no clips in split '{}'", path, split),
                    "leave out --split to use all clips");
  }
  return with_fingerprint(std::move(result));
}

ExitCode evaluate_verb(const EvaluateArguments& arguments) {
  Checkpoint checkpoint = load_checkpoint(arguments.checkpoint);
  apply(arguments.inference, checkpoint.info.settings);
  if (!arguments.bad_videos.empty()) {
    checkpoint.info.settings.data.bad_videos =
        arguments.bad_videos == "skip" ? BadVideos::skip : BadVideos::error;
  }
  const EvaluationClips data = arguments.data.empty()
                                   ? clips_of_own_data(checkpoint.info, arguments.split)
                                   : clips_of_other_data(checkpoint.info, arguments.data, arguments.split);

  ProgressLine line;
  const Progress progress = [&](std::int64_t done, std::int64_t total) {
    line.show(fmt::format("{}/{} clips", done, total));
  };
  EvaluationResult result =
      evaluate_checkpoint(checkpoint, data.clips, arguments.data.empty() ? CacheUse::fill : CacheUse::read,
                          Ablation::all, progress);
  line.clear();
  result.split = data.split;
  if (arguments.json) {
    fmt::print("{}\n", evaluation_json(result).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    fmt::print("{} ({})\n\n{}", arguments.checkpoint, data.description, evaluation_text(result));
  }
  return ExitCode::ok;
}

}  // namespace

Action declare_evaluate(CLI::App& app) {
  auto arguments = std::make_shared<EvaluateArguments>();
  app.add_option("checkpoint", arguments->checkpoint, "a checkpoint that train wrote")
      ->required()
      ->type_name("CHECKPOINT");
  app.add_option("--data", arguments->data, "another labelled data set; the default is the one trained on")
      ->type_name("PATH");
  app.add_option("--split", arguments->split,
                 "train, val or test; the default is test (val without one), or all clips of --data")
      ->check(CLI::IsMember({"train", "val", "test"}));
  app.add_option("--bad-videos", arguments->bad_videos,
                 "error or skip: what becomes of clips that cannot be read; the default is as trained")
      ->check(CLI::IsMember({"error", "skip"}));
  add_inference_options(app, arguments->inference);
  app.add_flag("--json", arguments->json, "one JSON document on stdout");
  return [=] { return evaluate_verb(*arguments); };
}

}  // namespace actrec
