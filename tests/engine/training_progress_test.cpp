#include "engine/training_progress.h"

#include <gtest/gtest.h>

namespace actrec {
namespace {

EpochResult epoch(double loss, double top1) {
  EpochResult result;
  result.val_loss = loss;
  result.val_top1 = top1;
  return result;
}

TEST(Finished, SaysWhy) {
  TrainSettings settings;
  settings.epochs = 3;
  settings.early_stopping.patience = 2;
  EXPECT_EQ(finished(settings, {}), std::nullopt);
  EXPECT_EQ(finished(settings, {epoch(1, 0), epoch(2, 0)}), std::nullopt);
  EXPECT_EQ(finished(settings, {epoch(3, 0), epoch(2, 0), epoch(1, 0)}), StopReason::finished);
  EXPECT_EQ(finished(settings, {epoch(1, 0), epoch(2, 0), epoch(2, 0)}), StopReason::early_stopping);
}

TEST(BestEpoch, IsByTheMonitoredValue) {
  EarlyStoppingSettings settings;
  const std::vector<EpochResult> epochs{epoch(2, 0.5), epoch(1, 0.4), epoch(3, 0.6)};
  settings.monitor = Monitor::val_loss;
  EXPECT_EQ(best_epoch(settings, epochs), 2);
  EXPECT_EQ(monitored_values(settings, epochs), (std::vector<double>{2, 1, 3}));
  settings.monitor = Monitor::val_top1;
  EXPECT_EQ(best_epoch(settings, epochs), 3);
  EXPECT_EQ(best_epoch(settings, {}), 0);
}

// Of 4 epochs with 10 steps one and a half are done: 15 steps in 30 s, so the other 25 take 50 s.
TEST(StepResult, TellsPlaceSpeedAndTimeLeft) {
  Settings settings;
  settings.train.epochs = 4;
  settings.clip.frames = 8;
  TrainingPosition position;
  position.epochs = {epoch(1, 0)};
  position.step = 5;
  position.meter.clips = 20;
  position.meter.seconds = 10;
  position.meter.wait_seconds = 2.5;
  const StepResult result = step_result(settings, position, 10, 30);
  EXPECT_EQ(result.epoch, 2);
  EXPECT_EQ(result.epochs, 4);
  EXPECT_EQ(result.step, 5);
  EXPECT_EQ(result.steps, 10);
  EXPECT_DOUBLE_EQ(result.frames_per_second, 16);
  EXPECT_DOUBLE_EQ(result.data_wait_fraction, 0.25);
  EXPECT_DOUBLE_EQ(result.seconds_left, 50);
}

TEST(EpochResult, TakesTrainingFromTheMeterAndTheRestFromValidation) {
  Settings settings;
  settings.clip.frames = 8;
  TrainingPosition position;
  position.epochs = {epoch(1, 0), epoch(1, 0)};
  position.learning_rate = 0.25;
  position.meter.loss_sum = torch::tensor(6.0, torch::kFloat64);
  position.meter.hits = torch::tensor(3, torch::kInt64);
  position.meter.clips = 4;
  position.meter.seconds = 2;
  position.meter.wait_seconds = 1;
  EvaluationResult val;
  val.loss = 0.5;
  val.top1 = 0.75;
  const EpochResult result = epoch_result(settings, position, val, 7);
  EXPECT_EQ(result.epoch, 3);
  EXPECT_DOUBLE_EQ(result.train_loss, 1.5);
  EXPECT_DOUBLE_EQ(result.train_top1, 0.75);
  EXPECT_DOUBLE_EQ(result.val_loss, 0.5);
  EXPECT_DOUBLE_EQ(result.val_top1, 0.75);
  EXPECT_DOUBLE_EQ(result.learning_rate, 0.25);
  EXPECT_DOUBLE_EQ(result.seconds, 7);
  EXPECT_DOUBLE_EQ(result.frames_per_second, 16);
  EXPECT_DOUBLE_EQ(result.data_wait_fraction, 0.5);
  EXPECT_FALSE(result.best);
}

}  // namespace
}  // namespace actrec
