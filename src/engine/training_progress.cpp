#include "engine/training_progress.h"

#include "core/system.h"
#include "engine/schedule.h"

namespace actrec {
namespace {

double frames_per_second(const Settings& settings, const TrainMeter& meter) {
  return static_cast<double>(meter.clips * settings.clip.frames) / meter.seconds;
}

}  // namespace

std::vector<double> monitored_values(const EarlyStoppingSettings& settings,
                                     const std::vector<EpochResult>& epochs) {
  std::vector<double> values;
  for (const EpochResult& epoch : epochs)
    values.push_back(settings.monitor == Monitor::val_loss ? epoch.val_loss : epoch.val_top1);
  return values;
}

int best_epoch(const EarlyStoppingSettings& settings, const std::vector<EpochResult>& epochs) {
  return stopping_state(settings, monitored_values(settings, epochs)).best_epoch + 1;
}

std::optional<StopReason> finished(const TrainSettings& settings, const std::vector<EpochResult>& epochs) {
  const EarlyStoppingSettings& stopping = settings.early_stopping;
  if (stopping_state(stopping, monitored_values(stopping, epochs)).stop) return StopReason::early_stopping;
  if (static_cast<int>(epochs.size()) >= settings.epochs) return StopReason::finished;
  return std::nullopt;
}

EpochResult epoch_result(const Settings& settings, const TrainingPosition& position,
                         const EvaluationResult& val, double seconds) {
  const TrainMeter& meter = position.meter;
  EpochResult result;
  result.epoch = static_cast<int>(position.epochs.size()) + 1;
  result.train_loss = meter.loss();
  result.train_top1 = meter.top1();
  result.val_loss = val.loss;
  result.val_top1 = val.top1;
  result.learning_rate = position.learning_rate;
  result.seconds = seconds;
  result.frames_per_second = frames_per_second(settings, meter);
  result.data_wait_fraction = meter.wait_seconds / meter.seconds;
  result.peak_rss_mb = peak_rss_mb();
  return result;
}

StepResult step_result(const Settings& settings, const TrainingPosition& position, std::int64_t steps,
                       double seconds) {
  const auto complete = static_cast<std::int64_t>(position.epochs.size());
  const auto done = static_cast<double>(complete * steps + position.step);
  const auto left = static_cast<double>(settings.train.epochs * steps) - done;
  StepResult result{static_cast<int>(complete) + 1, settings.train.epochs, position.step, steps};
  result.frames_per_second = frames_per_second(settings, position.meter);
  result.data_wait_fraction = position.meter.wait_seconds / position.meter.seconds;
  result.seconds_left = seconds / done * left;
  return result;
}

}  // namespace actrec
