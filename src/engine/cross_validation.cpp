#include "engine/cross_validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "config/config_file.h"
#include "config/json_text.h"
#include "config/values.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "core/text.h"
#include "engine/checkpoint.h"
#include "engine/metrics.h"
#include "engine/run_changes.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

constexpr const char* kResultFile = "result.json";
constexpr std::uint64_t kLargestSeed = 9007199254740991;  // of train.seed

void require_divisible(const Settings& settings, const DatasetIndex& index) {
  const SplitBy by = settings.data.split.by;
  if (by == SplitBy::given) {
    throw ConfigError(
        "data.split.by is given: it keeps the data set's own splits, which have no folds",
        "set data.split.by=group to divide all clips by group, or =random where every clip is a recording "
        "of its own");
  }
  const bool has_groups = std::none_of(index.clips.begin(), index.clips.end(),
                                       [](const ClipRef& clip) { return clip.group.empty(); });
  if (by == SplitBy::automatic && index.has_splits && !has_groups) {
    throw DataError(
        "the data set names its own splits but no groups, so folds would mix clips that it keeps apart",
        "give groups (a column 'group' in the list, or data.split.group_pattern), or set "
        "data.split.by=random if every clip is a recording of its own");
  }
}

std::vector<std::string> groups_of(const std::vector<ClipRef>& clips) {
  std::set<std::string> groups;
  for (const ClipRef& clip : clips) groups.insert(clip.group);
  groups.erase("");
  return {groups.begin(), groups.end()};
}

Json input_test_to_json(const InputTest& test) {
  return {{"top1", test.top1}, {"lost", test.lost}, {"gained", test.gained}};
}

InputTest input_test_from_json(const Json& document) {
  return {document.at("top1").get<double>(), document.at("lost").get<std::int64_t>(),
          document.at("gained").get<std::int64_t>()};
}

Json ablation_to_json(const AblationResult& ablation) {
  Json changes = Json::array();
  for (const PredictionChange& change : ablation.changes)
    changes.push_back({{"from", change.from}, {"to", change.to}, {"clips", change.clips}});
  Json document = {{"top1", ablation.top1},
                   {"single_frame", input_test_to_json(ablation.single_frame)},
                   {"mean_frame", input_test_to_json(ablation.mean_frame)},
                   {"reversed", input_test_to_json(ablation.reversed)},
                   {"shuffled", input_test_to_json(ablation.shuffled)},
                   {"changes", changes}};
  if (ablation.majority_class) {
    document["majority_class"] = *ablation.majority_class;
    document["majority_name"] = ablation.majority_name;
  }
  return document;
}

AblationResult ablation_from_json(const Json& document) {
  AblationResult ablation;
  ablation.top1 = document.at("top1").get<double>();
  ablation.single_frame = input_test_from_json(document.at("single_frame"));
  ablation.mean_frame = input_test_from_json(document.at("mean_frame"));
  ablation.reversed = input_test_from_json(document.at("reversed"));
  ablation.shuffled = input_test_from_json(document.at("shuffled"));
  for (const Json& change : document.at("changes")) {
    ablation.changes.push_back({change.at("from").get<std::string>(), change.at("to").get<std::string>(),
                                change.at("clips").get<std::int64_t>()});
  }
  if (document.contains("majority_class")) {
    ablation.majority_class = document.at("majority_class").get<double>();
    ablation.majority_name = document.at("majority_name").get<std::string>();
  }
  return ablation;
}

Json evaluation_to_json(const EvaluationResult& result) {
  Json skipped = Json::array();
  for (const SkippedClip& one : result.skipped)
    skipped.push_back({{"clip", one.clip}, {"reason", one.reason}});
  Json document = {{"clips", result.clips},       {"top1", result.top1},
                   {"top5", result.top5},         {"mean_class_accuracy", result.mean_class_accuracy},
                   {"macro_f1", result.macro_f1}, {"loss", result.loss},
                   {"classes", result.classes},   {"confusion", result.confusion},
                   {"skipped", skipped}};
  if (result.ablation) document["ablation"] = ablation_to_json(*result.ablation);
  return document;
}

EvaluationResult evaluation_from_json(const Json& document) {
  const auto classes = document.at("classes").get<std::vector<std::string>>();
  const auto confusion = document.at("confusion").get<std::vector<std::vector<std::int64_t>>>();
  const bool square = confusion.size() == classes.size() &&
                      std::all_of(confusion.begin(), confusion.end(),
                                  [&](const auto& row) { return row.size() == classes.size(); });
  if (!square) throw std::out_of_range("confusion");
  EvaluationResult result =
      evaluation_of(classes, confusion, document.at("top5").get<double>(), document.at("loss").get<double>());
  for (const Json& one : document.value("skipped", Json::array()))
    result.skipped.push_back({one.at("clip").get<std::string>(), one.at("reason").get<std::string>()});
  if (document.contains("ablation")) result.ablation = ablation_from_json(document.at("ablation"));
  return result;
}

}  // namespace

std::vector<FoldRun> plan_folds(const Settings& settings, const DatasetIndex& index, int seeds) {
  require_divisible(settings, index);
  if (settings.train.seed + static_cast<std::uint64_t>(seeds - 1) > kLargestSeed) {
    throw ConfigError(fmt::format("train.seed: {} leaves no room for {} seeds", settings.train.seed, seeds),
                      "take a smaller one");
  }
  std::vector<FoldRun> runs;
  for (int k = 0; k < seeds; ++k) {
    for (int fold = 0; fold < settings.data.split.folds; ++fold) {
      FoldRun run;
      run.fold = fold;
      run.seed = settings.train.seed + static_cast<std::uint64_t>(k);
      run.directory = fmt::format("fold-{}", fold) + (k == 0 ? "" : fmt::format("-seed-{}", run.seed));
      run.fingerprint = divide_clips(index, settings_of(run, settings).data.split, run.seed).fingerprint;
      runs.push_back(run);
    }
  }
  return runs;
}

Settings settings_of(const FoldRun& run, Settings settings) {
  settings.data.split.fold = run.fold;
  settings.train.seed = run.seed;
  return settings;
}

FoldResult test_fold(const Settings& settings, const DataSplits& splits, const TrainingSummary& summary,
                     const Progress& progress) {
  FoldResult result;
  result.fold = settings.data.split.fold;
  result.seed = settings.train.seed;
  result.best_epoch = summary.best_epoch;
  result.groups = groups_of(splits.test);
  result.split = {"test", splits.method, splits.fingerprint, splits.leakage, settings.data.path.string()};
  result.evaluation = evaluate_checkpoint(load_checkpoint(summary.best_checkpoint), splits.test,
                                          CacheUse::fill, Ablation::all, progress);
  return result;
}

void write_fold_result(const fs::path& directory, const Settings& settings, const std::string& fingerprint,
                       const FoldResult& result) {
  const Json document = {{"fold", result.fold},
                         {"seed", result.seed},
                         {"best_epoch", result.best_epoch},
                         {"groups", result.groups},
                         {"split_fingerprint", fingerprint},
                         {"split_method", result.split.method},
                         {"leakage", result.split.leakage},
                         {"evaluation", evaluation_to_json(result.evaluation)},
                         {"config", settings_to_json(settings)}};
  write_file_atomically(directory / kResultFile,
                        document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

std::optional<FoldResult> read_fold_result(const fs::path& directory, const Settings& settings,
                                           const std::string& fingerprint) {
  const fs::path path = directory / kResultFile;
  if (!fs::exists(path)) return std::nullopt;
  const std::string again = fmt::format("move {} away to run this fold again", directory.string());
  FoldResult result;
  std::string tested_on;
  Settings trained_with;
  try {
    const Json document = parse_json(read_file(path), path.string()).document;
    trained_with = settings_from_json(document.at("config"), path.string());
    tested_on = document.at("split_fingerprint").get<std::string>();
    result.fold = document.at("fold").get<int>();
    result.seed = document.at("seed").get<std::uint64_t>();
    result.best_epoch = document.at("best_epoch").get<int>();
    result.groups = document.at("groups").get<std::vector<std::string>>();
    result.evaluation = evaluation_from_json(document.at("evaluation"));
    result.split = {"test", document.value("split_method", ""), tested_on, document.value("leakage", ""),
                    trained_with.data.path.string()};
  } catch (const Error& error) {
    throw Error(error.what(), again);
  } catch (const std::exception&) {
    throw Error(fmt::format("{} is damaged", path.string()), again);
  }
  const std::vector<std::string> changes = changed_settings(trained_with, settings);
  if (!changes.empty()) {
    throw ConfigError(
        fmt::format("{} was trained with other settings: {}", directory.string(), join(changes, "; ")),
        "take the same settings, or another --output");
  }
  if (tested_on != fingerprint) {
    throw DataError(fmt::format("the data set has changed since {} was trained", directory.string()),
                    "take another --output to begin anew");
  }
  return result;
}

CrossValidationResult summarize_folds(std::vector<FoldResult> folds) {
  CrossValidationResult result;
  std::stable_sort(folds.begin(), folds.end(),
                   [](const FoldResult& a, const FoldResult& b) { return a.seed < b.seed; });
  std::vector<EvaluationResult> evaluations;
  for (std::size_t first = 0; first < folds.size();) {
    const std::uint64_t seed = folds[first].seed;
    std::vector<double> top1;
    for (; first < folds.size() && folds[first].seed == seed; ++first) {
      top1.push_back(folds[first].evaluation.top1);
      evaluations.push_back(folds[first].evaluation);
    }
    result.seeds.push_back({seed, mean(top1), standard_deviation(top1)});
  }
  std::vector<double> means, deviations;
  for (const SeedResult& one : result.seeds) {
    means.push_back(one.top1);
    deviations.push_back(one.top1_std);
  }
  result.top1 = mean(means);
  result.top1_std = mean(deviations);
  result.pooled = pool_evaluations(evaluations);
  const bool all_ablated = std::all_of(evaluations.begin(), evaluations.end(),
                                       [](const EvaluationResult& one) { return one.ablation.has_value(); });
  if (all_ablated) result.pooled.ablation = pool_ablations(evaluations);
  result.folds = std::move(folds);
  return result;
}

double mean(const std::vector<double>& values) {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double standard_deviation(const std::vector<double>& values) {
  if (values.size() < 2) return 0;
  const double centre = mean(values);
  double sum = 0;
  for (const double value : values) sum += (value - centre) * (value - centre);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

}  // namespace actrec
