#include "engine/cross_validation.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>

#include "core/error.h"
#include "core/text.h"
#include "temporary_directory.h"

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

Settings with_folds(int folds) {
  Settings settings;
  settings.data.split.folds = folds;
  return settings;
}

FoldResult fold_result(int fold, std::uint64_t seed, std::vector<std::vector<std::int64_t>> confusion) {
  FoldResult result;
  result.fold = fold;
  result.seed = seed;
  result.best_epoch = 3;
  result.groups = {"a", "b"};
  result.evaluation.classes = {"down", "right"};
  result.evaluation.confusion = std::move(confusion);
  std::int64_t hits = 0;
  for (std::size_t row = 0; row < 2; ++row) {
    for (const std::int64_t count : result.evaluation.confusion[row]) result.evaluation.clips += count;
    hits += result.evaluation.confusion[row][row];
  }
  result.evaluation.top1 = static_cast<double>(hits) / static_cast<double>(result.evaluation.clips);
  result.evaluation.top5 = 1;
  result.evaluation.loss = 0.5;
  return result;
}

template <typename E, typename F>
void expect_error(F run, const std::vector<std::string>& words) {
  try {
    run();
    ADD_FAILURE() << "no error";
  } catch (const E& error) {
    const std::string text = std::string(error.what()) + " " + error.hint();
    for (const std::string& word : words) EXPECT_NE(text.find(word), std::string::npos) << text;
  }
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

class FoldResultTest : public ::testing::Test {
 protected:
  TemporaryDirectory directory_;
  Settings settings_ = with_folds(3);
};

TEST_F(FoldResultTest, IsReadAsItWasWritten) {
  EXPECT_FALSE(read_fold_result(directory_.path(), settings_, "f").has_value());
  FoldResult written = fold_result(2, 5, {{3, 1}, {2, 4}});
  written.split = {"test", "fold 3 of 3 RANDOM SPLIT", "f", "none found: ...", ""};
  written.evaluation.skipped = {{"a.mp4", "is empty"}};
  written.evaluation.ablation = {0.7, 0.5, "right", {0.1, 1, 2}, {0.2, 3, 4}, {0.3, 5, 6}, {0.4, 7, 8}, {}};
  written.evaluation.ablation->changes = {{"right", "down", 3}, {"down", "right", 1}};
  write_fold_result(directory_.path(), settings_, "f", written);
  const auto result = read_fold_result(directory_.path(), settings_, "f");
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->fold, 2);
  EXPECT_EQ(result->seed, 5u);
  EXPECT_EQ(result->best_epoch, 3);
  EXPECT_EQ(result->groups, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(result->evaluation.clips, 10);
  EXPECT_DOUBLE_EQ(result->evaluation.top1, 0.7);
  EXPECT_EQ(result->evaluation.top5, 1);
  EXPECT_EQ(result->evaluation.loss, 0.5);
  EXPECT_EQ(result->evaluation.per_class.size(), 2u);
  EXPECT_EQ(result->split.method, "fold 3 of 3 RANDOM SPLIT");
  EXPECT_EQ(result->split.fingerprint, "f");
  EXPECT_EQ(result->split.leakage, "none found: ...");
  ASSERT_TRUE(result->evaluation.ablation.has_value());
  const AblationResult& ablation = *result->evaluation.ablation;
  EXPECT_EQ(ablation.top1, 0.7);
  EXPECT_EQ(ablation.majority_class, 0.5);
  EXPECT_EQ(ablation.majority_name, "right");
  EXPECT_EQ(ablation.mean_frame.top1, 0.2);
  EXPECT_EQ(ablation.mean_frame.lost, 3);
  EXPECT_EQ(ablation.shuffled.gained, 8);
  ASSERT_EQ(ablation.changes.size(), 2u);
  EXPECT_EQ(ablation.changes[0].from, "right");
  EXPECT_EQ(ablation.changes[0].clips, 3);
  ASSERT_EQ(result->evaluation.skipped.size(), 1u);
  EXPECT_EQ(result->evaluation.skipped[0].clip, "a.mp4");
  EXPECT_EQ(result->evaluation.skipped[0].reason, "is empty");
}

TEST_F(FoldResultTest, IsRefusedWithOtherSettingsOrData) {
  write_fold_result(directory_.path(), settings_, "f", fold_result(0, 1, {{1, 0}, {0, 1}}));
  expect_error<DataError>([&] { read_fold_result(directory_.path(), settings_, "g"); }, {"changed"});
  settings_.train.learning_rate = 0.5;
  expect_error<ConfigError>([&] { read_fold_result(directory_.path(), settings_, "f"); },
                            {"train.learning_rate: 0.001 -> 0.5", "--output"});
}

TEST_F(FoldResultTest, OneThatIsDamagedIsNamed) {
  for (const char* text : {"{", "{}", "[]", R"({"config": {}, "split_fingerprint": 3})"}) {
    std::ofstream(directory_ / "result.json") << text;
    expect_error<Error>([&] { read_fold_result(directory_.path(), settings_, "f"); },
                        {"result.json", "move", directory_.path().string()});
  }
}

}  // namespace
}  // namespace actrec
