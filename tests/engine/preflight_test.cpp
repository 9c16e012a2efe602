#include "engine/preflight.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/trainer.h"
#include "frame_folders.h"
#include "models/safetensors.h"
#include "temporary_directory.h"

namespace actrec {
namespace {

class PreflightTest : public ::testing::Test {
 protected:
  PreflightTest() : splits_(moving_square_splits(directory_ / "clips")) {}
  TemporaryDirectory directory_;
  DataSplits splits_;
};

TEST_F(PreflightTest, AFreshModelKnowsNothingAndEverythingLearns) {
  const PreflightResult result = preflight(tiny_settings(), splits_, directory_.path());
  EXPECT_NEAR(result.uniform_loss, std::log(2.0), 1e-12);
  EXPECT_NEAR(result.loss, result.uniform_loss, 0.3);
  EXPECT_GT(result.tensors, 8);
  EXPECT_TRUE(result.without_gradient.empty());
  EXPECT_EQ(result.steps, 3);  // 10 clips in batches of 4
  EXPECT_GT(result.step_seconds, 0);
  EXPECT_NEAR(result.seconds, 3 * (3 + 1.0 / 3) * result.step_seconds, 1e-9);
  EXPECT_TRUE(warnings(result).empty());
}

TEST_F(PreflightTest, CheckpointsTakeWhatTheyAreEstimatedToTake) {
  Settings settings = tiny_settings();
  settings.model.temporal.hidden = 128;  // large beside the metadata
  settings.train.epochs = 1;
  const double estimate = preflight(settings, splits_, directory_.path()).disk_bytes;
  std::filesystem::create_directories(directory_ / "run");
  train(settings, splits_, directory_ / "run", {});
  const auto size = [&](const char* name) {
    return static_cast<double>(std::filesystem::file_size(directory_ / "run" / name));
  };
  EXPECT_NEAR(estimate, size(kBestCheckpoint) + size(kLastCheckpoint) + 2 * size(kResumeFile),
              0.1 * estimate);
}

TEST_F(PreflightTest, TrainingGivesTheSameBitsWithIt) {
  const Settings settings = tiny_settings();
  for (const char* name : {"with", "without"}) {
    std::filesystem::create_directories(directory_ / name);
    if (std::string(name) == "with") preflight(settings, splits_, directory_.path());
    train(settings, splits_, directory_ / name, {});
  }
  const NamedTensors without = read_safetensors(directory_ / "without" / kLastCheckpoint).tensors;
  for (const auto& [name, tensor] : read_safetensors(directory_ / "with" / kLastCheckpoint).tensors)
    EXPECT_TRUE(torch::equal(tensor, without.at(name))) << name;
}

TEST_F(PreflightTest, WarnsWhereSomethingLooksWrong) {
  PreflightResult result;
  result.loss = result.uniform_loss = std::log(8.0);
  EXPECT_TRUE(warnings(result).empty());
  result.loss = 3 * result.uniform_loss;
  result.without_gradient = {"encoder.weight"};
  result.memory_bytes = 2e9;
  result.memory_available = 1e9;
  result.disk_bytes = 2e9;
  result.disk_available = 1e9;
  const std::vector<std::string> found = warnings(result);
  ASSERT_EQ(found.size(), 4u);
  EXPECT_NE(found[0].find("ln K"), std::string::npos);
  EXPECT_NE(found[1].find("encoder.weight"), std::string::npos);
  result.loss = std::nan("");
  EXPECT_EQ(warnings(result).size(), 4u);
}

// An encoder of one unit with ReLU, and inputs of one sign: for about every other seed the unit gives 0 for
// all clips.
TEST_F(PreflightTest, NamesWhatNoGradientReaches) {
  Settings settings = tiny_settings();
  settings.normalize = Normalization(NormalizationType::values);
  settings.normalize.mean = {2, 2, 2};
  settings.normalize.std = {1, 1, 1};
  settings.model.encoder.type = EncoderType::dense;
  settings.model.encoder.units = 1;
  settings.model.temporal.type = TemporalType::mean;
  int dead = 0;
  for (settings.train.seed = 1; settings.train.seed <= 8; ++settings.train.seed) {
    const PreflightResult result = preflight(settings, splits_, directory_.path());
    if (result.without_gradient.empty()) continue;
    ++dead;
    EXPECT_EQ(result.without_gradient.front().rfind("encoder.", 0), 0u) << result.without_gradient.front();
  }
  EXPECT_GT(dead, 0);
  EXPECT_LT(dead, 8);
}

TEST_F(PreflightTest, AModelLearnsABatchByHeartUnlessItMayNot) {
  Settings settings = tiny_settings();
  const OverfitResult result = overfit_batch(settings, splits_, 4);
  EXPECT_TRUE(result.works);
  EXPECT_EQ(result.clips, 4);
  EXPECT_EQ(result.top1, 1);
  EXPECT_LT(result.last_loss, 0.05 * std::log(2.0));
  settings.train.learning_rate = 1e-9;
  const OverfitResult stuck = overfit_batch(settings, splits_, 4, 20);
  EXPECT_FALSE(stuck.works);
  EXPECT_EQ(stuck.steps, 20);
}

TEST_F(PreflightTest, HalfABatchFitsWhereMemoryIsThere) {
  EXPECT_EQ(batch_size_that_fits(tiny_settings(), splits_), 2);
}

}  // namespace
}  // namespace actrec
