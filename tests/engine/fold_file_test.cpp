#include "engine/fold_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/error.h"
#include "engine/fold_fixtures.h"
#include "temporary_directory.h"

namespace actrec {
namespace {

class FoldFileTest : public ::testing::Test {
 protected:
  TemporaryDirectory directory_;
  Settings settings_ = with_folds(3);
};

TEST_F(FoldFileTest, IsReadAsItWasWritten) {
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

TEST_F(FoldFileTest, IsRefusedWithOtherSettingsOrData) {
  write_fold_result(directory_.path(), settings_, "f", fold_result(0, 1, {{1, 0}, {0, 1}}));
  expect_error<DataError>([&] { read_fold_result(directory_.path(), settings_, "g"); }, {"changed"});
  settings_.train.learning_rate = 0.5;
  expect_error<ConfigError>([&] { read_fold_result(directory_.path(), settings_, "f"); },
                            {"train.learning_rate: 0.001 -> 0.5", "--output"});
}

TEST_F(FoldFileTest, OneThatIsDamagedIsNamed) {
  for (const char* text : {"{", "{}", "[]", R"({"config": {}, "split_fingerprint": 3})"}) {
    std::ofstream(directory_ / "result.json") << text;
    expect_error<Error>([&] { read_fold_result(directory_.path(), settings_, "f"); },
                        {"result.json", "move", directory_.path().string()});
  }
}

}  // namespace
}  // namespace actrec
