#include "engine/schedule.h"

#include <gtest/gtest.h>

#include <cmath>

namespace actrec {
namespace {

constexpr std::int64_t kStepsPerEpoch = 10;

TrainSettings settings_with(ScheduleType type, double warmup = 0) {
  TrainSettings settings;
  settings.learning_rate = 0.1;
  settings.epochs = 10;
  settings.schedule.type = type;
  settings.schedule.warmup_epochs = warmup;
  return settings;
}

double rate(const TrainSettings& settings, std::int64_t step, const std::vector<double>& monitored = {}) {
  return learning_rate_at(settings, step, kStepsPerEpoch, monitored);
}

TEST(LearningRate, RisesLinearlyDuringWarmUp) {
  const TrainSettings settings = settings_with(ScheduleType::constant, 2);
  EXPECT_NEAR(rate(settings, 0), 0.1 * 1 / 21, 1e-12);
  EXPECT_NEAR(rate(settings, 9), 0.1 * 10 / 21, 1e-12);
  EXPECT_NEAR(rate(settings, 19), 0.1 * 20 / 21, 1e-12);
  EXPECT_DOUBLE_EQ(rate(settings, 20), 0.1);
}

TEST(LearningRate, FallsInStepsOfEpochs) {
  TrainSettings settings = settings_with(ScheduleType::step);
  settings.schedule.step_epochs = 3;
  EXPECT_DOUBLE_EQ(rate(settings, 29), 0.1);
  EXPECT_DOUBLE_EQ(rate(settings, 30), 0.1 * 0.1);
  EXPECT_DOUBLE_EQ(rate(settings, 60), 0.1 * std::pow(0.1, 2));
}

TEST(LearningRate, FollowsACosineToZero) {
  const TrainSettings settings = settings_with(ScheduleType::cosine, 2);
  EXPECT_DOUBLE_EQ(rate(settings, 20), 0.1);
  EXPECT_NEAR(rate(settings, 60), 0.05, 1e-12);
  EXPECT_NEAR(rate(settings, 40), 0.1 * 0.5 * (1 + std::cos(std::acos(-1.0) / 4)), 1e-12);
  EXPECT_NEAR(rate(settings, 100), 0, 1e-12);
}

TEST(LearningRate, FallsWhenTheMonitoredValueStaysOnAPlateau) {
  TrainSettings settings = settings_with(ScheduleType::plateau);
  settings.schedule.patience = 2;
  settings.schedule.factor = 0.5;
  EXPECT_DOUBLE_EQ(rate(settings, 30, {3, 2, 2.5}), 0.1);
  EXPECT_DOUBLE_EQ(rate(settings, 40, {3, 2, 2.5, 2.1}), 0.05);
  EXPECT_DOUBLE_EQ(rate(settings, 50, {3, 2, 2.5, 2.1, 2.2}), 0.05);
  EXPECT_DOUBLE_EQ(rate(settings, 60, {3, 2, 2.5, 2.1, 2.2, 2.3}), 0.025);
  EXPECT_DOUBLE_EQ(rate(settings, 60, {3, 2, 2.5, 2.1, 2.2, 1.0}), 0.05);
  settings.early_stopping.monitor = Monitor::val_top1;
  EXPECT_DOUBLE_EQ(rate(settings, 40, {0.1, 0.2, 0.3, 0.4}), 0.1);
}

TEST(Improves, GoesTheMonitorsWayByMoreThanMinDelta) {
  EXPECT_TRUE(improves(Monitor::val_loss, 0.8, 1.0, 0.1));
  EXPECT_FALSE(improves(Monitor::val_loss, 0.95, 1.0, 0.1));
  EXPECT_TRUE(improves(Monitor::val_top1, 0.8, 0.6, 0.1));
  EXPECT_FALSE(improves(Monitor::val_top1, 0.6, 0.6, 0));
}

TEST(Improves, AnyNumberBeatsWhatIsNone) {
  const double nan = std::nan("");
  for (const Monitor monitor : {Monitor::val_loss, Monitor::val_top1}) {
    EXPECT_FALSE(improves(monitor, nan, 1.0, 0));
    EXPECT_FALSE(improves(monitor, nan, nan, 0));
    EXPECT_TRUE(improves(monitor, 1.0, nan, 0.1));
  }
  EXPECT_EQ(stopping_state(EarlyStoppingSettings(), {nan, 3, 2, nan}).best_epoch, 2);
}

TEST(StoppingState, TakesTheLastEpochWhereNothingIsMonitored) {
  EarlyStoppingSettings settings;
  settings.monitor = Monitor::none;
  settings.patience = 1;
  const StoppingState state = stopping_state(settings, {0.1, 0.9, 0.5, std::nan("")});
  EXPECT_EQ(state.best_epoch, 3);
  EXPECT_FALSE(state.stop);
}

TEST(StoppingState, StopsAfterPatienceEpochsWithoutABetterOne) {
  EarlyStoppingSettings settings;
  settings.patience = 2;
  EXPECT_EQ(stopping_state(settings, {}).best_epoch, -1);
  EXPECT_FALSE(stopping_state(settings, {}).stop);
  EXPECT_EQ(stopping_state(settings, {2, 1, 3}).best_epoch, 1);
  EXPECT_FALSE(stopping_state(settings, {2, 1, 3}).stop);
  EXPECT_TRUE(stopping_state(settings, {2, 1, 3, 1.5}).stop);
  EXPECT_FALSE(stopping_state(settings, {2, 1, 3, 0.5}).stop);
  settings.patience = 0;
  EXPECT_FALSE(stopping_state(settings, {1, 2, 2, 2, 2, 2, 2}).stop);
}

}  // namespace
}  // namespace actrec
