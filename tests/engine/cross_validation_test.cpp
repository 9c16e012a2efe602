#include "engine/cross_validation.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "core/error.h"
#include "engine/fold_fixtures.h"

namespace actrec {
namespace {

// `groups` people who do both actions twice.
DatasetIndex people(int groups, bool with_groups = true, bool with_splits = false) {
  DatasetIndex index;
  index.classes = {"down", "right"};
  index.has_splits = with_splits;
  for (int group = 0; group < groups; ++group) {
    for (int i = 0; i < 4; ++i) {
      ClipRef clip;
      clip.name = "clip" + std::to_string(group) + "_" + std::to_string(i);
      clip.label = i % 2;
      if (with_groups) clip.group = "person" + std::to_string(group);
      if (with_splits) clip.split = group == 0 ? "test" : "train";
      index.clips.push_back(clip);
    }
  }
  return index;
}

TEST(Statistics, AreThoseOfASample) {
  EXPECT_DOUBLE_EQ(mean({0.5, 0.75, 1.0}), 0.75);
  EXPECT_DOUBLE_EQ(standard_deviation({0.5, 0.75, 1.0}), 0.25);  // sqrt((1/16 + 0 + 1/16) / 2)
  EXPECT_EQ(standard_deviation({0.5}), 0);
  EXPECT_EQ(standard_deviation({}), 0);
  EXPECT_EQ(mean({}), 0);
}

TEST(SummarizeFolds, TakesMeansPerSeedFirstAndPoolsAllClips) {
  // Seed 1: 0.5 and 1.0; seed 2: 0.75 and 0.75.
  const CrossValidationResult result = summarize_folds({
      fold_result(0, 1, {{1, 1}, {1, 1}}),
      fold_result(0, 2, {{3, 1}, {0, 0}}),
      fold_result(1, 1, {{2, 0}, {0, 2}}),
      fold_result(1, 2, {{0, 0}, {1, 3}}),
  });
  ASSERT_EQ(result.seeds.size(), 2u);
  EXPECT_DOUBLE_EQ(result.seeds[0].top1, 0.75);
  EXPECT_NEAR(result.seeds[0].top1_std, 0.35355339, 1e-8);  // |1.0 - 0.5| / sqrt(2)
  EXPECT_DOUBLE_EQ(result.seeds[1].top1, 0.75);
  EXPECT_DOUBLE_EQ(result.seeds[1].top1_std, 0);
  EXPECT_DOUBLE_EQ(result.top1, 0.75);
  EXPECT_NEAR(result.top1_std, 0.17677670, 1e-8);
  EXPECT_EQ(result.folds[1].fold, 1);
  EXPECT_EQ(result.folds[1].seed, 1u);
  EXPECT_EQ(result.pooled.confusion, (std::vector<std::vector<std::int64_t>>{{6, 2}, {2, 6}}));
  EXPECT_EQ(result.pooled.clips, 16);
  EXPECT_DOUBLE_EQ(result.pooled.top1, 0.75);
  EXPECT_DOUBLE_EQ(result.pooled.per_class[0].precision, 0.75);
  EXPECT_DOUBLE_EQ(result.pooled.loss, 0.5);
  EXPECT_FALSE(result.pooled.ablation.has_value());
}

TEST(SummarizeFolds, PoolsAblationsWhereEveryFoldHasOne) {
  FoldResult first = fold_result(0, 1, {{2, 0}, {0, 2}}), second = fold_result(1, 1, {{1, 1}, {1, 1}});
  first.evaluation.ablation.emplace().reversed.top1 = 0.5;
  EXPECT_FALSE(summarize_folds({first, second}).pooled.ablation.has_value());
  second.evaluation.ablation.emplace().reversed.top1 = 0.25;
  EXPECT_DOUBLE_EQ(summarize_folds({first, second}).pooled.ablation->reversed.top1, 0.375);
}

TEST(PlanFolds, EveryGroupIsTestedOnExactlyOnce) {
  const Settings settings = with_folds(5);
  const DatasetIndex index = people(7);
  const std::vector<FoldRun> runs = plan_folds(settings, index, 1);
  ASSERT_EQ(runs.size(), 5u);
  std::map<std::string, std::set<int>> folds_of_group;
  std::set<std::string> fingerprints;
  for (const FoldRun& run : runs) {
    const Settings own = settings_of(run, settings);
    EXPECT_EQ(own.data.split.fold, run.fold);
    EXPECT_EQ(run.directory, "fold-" + std::to_string(run.fold));
    const DataSplits splits = divide_clips(index, own.data.split, own.train.seed);
    EXPECT_EQ(splits.fingerprint, run.fingerprint);
    for (const ClipRef& clip : splits.test) folds_of_group[clip.group].insert(run.fold);
    for (const ClipRef& clip : splits.train) EXPECT_EQ(folds_of_group[clip.group].count(run.fold), 0u);
    fingerprints.insert(run.fingerprint);
  }
  EXPECT_EQ(folds_of_group.size(), 7u);
  for (const auto& [group, folds] : folds_of_group) EXPECT_EQ(folds.size(), 1u) << group;
  EXPECT_EQ(fingerprints.size(), 5u);
}

TEST(PlanFolds, FurtherSeedsHaveDirectoriesOfTheirOwn) {
  Settings settings = with_folds(2);
  settings.train.seed = 7;
  const std::vector<FoldRun> runs = plan_folds(settings, people(6), 2);
  ASSERT_EQ(runs.size(), 4u);
  EXPECT_EQ(runs[1].directory, "fold-1");
  EXPECT_EQ(runs[2].directory, "fold-0-seed-8");
  EXPECT_EQ(settings_of(runs[3], settings).train.seed, 8u);
  settings.train.seed = 9007199254740991;
  EXPECT_THROW(plan_folds(settings, people(6), 2), ConfigError);
}

TEST(PlanFolds, SaysWhyADataSetHasNoFolds) {
  expect_error<DataError>([] { plan_folds(with_folds(5), people(3), 1); }, {"3 groups", "5 folds"});
  Settings given = with_folds(3);
  given.data.split.by = SplitBy::given;
  expect_error<ConfigError>([&] { plan_folds(given, people(6, true, true), 1); },
                            {"data.split.by", "data.split.by=group"});
  expect_error<DataError>([] { plan_folds(with_folds(3), people(6, false, true), 1); },
                          {"no groups", "data.split.group_pattern", "data.split.by=random"});
  EXPECT_EQ(plan_folds(with_folds(3), people(6, true, true), 1).size(), 3u);
  EXPECT_EQ(plan_folds(with_folds(3), people(6, false, false), 1).size(), 3u);
}

}  // namespace
}  // namespace actrec
