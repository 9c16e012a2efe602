#include "engine/cross_validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "core/error.h"
#include "engine/checkpoint.h"
#include "engine/metrics.h"

namespace actrec {
namespace {

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
