#include "engine/schedule.h"

#include <algorithm>
#include <cmath>

namespace actrec {
namespace {

constexpr double kPi = 3.14159265358979323846;

// How often `patience` epochs in a row brought no improvement; the count starts anew after each reduction.
int plateau_reductions(const TrainSettings& settings, const std::vector<double>& monitored) {
  int reductions = 0, waited = 0;
  for (std::size_t i = 0, best = 0; i < monitored.size(); ++i) {
    if (i == 0 || improves(settings.early_stopping.monitor, monitored[i], monitored[best],
                           settings.early_stopping.min_delta)) {
      best = i;
      waited = 0;
    } else if (++waited >= settings.schedule.patience) {
      ++reductions;
      waited = 0;
    }
  }
  return reductions;
}

}  // namespace

bool improves(Monitor monitor, double value, double best, double min_delta) {
  if (monitor == Monitor::none) return true;
  if (std::isnan(value) || std::isnan(best)) return !std::isnan(value);
  return monitor == Monitor::val_loss ? value < best - min_delta : value > best + min_delta;
}

double learning_rate_at(const TrainSettings& settings, std::int64_t step, std::int64_t steps_per_epoch,
                        const std::vector<double>& monitored) {
  const ScheduleSettings& schedule = settings.schedule;
  const double peak = settings.learning_rate;
  const auto now = static_cast<double>(step);
  const auto per_epoch = static_cast<double>(steps_per_epoch);
  const double warmup = schedule.warmup_epochs * per_epoch;
  if (now < warmup) return peak * (now + 1) / (warmup + 1);
  switch (schedule.type) {
    case ScheduleType::constant:
      return peak;
    case ScheduleType::step:
      return peak *
             std::pow(schedule.factor, static_cast<double>(step / steps_per_epoch / schedule.step_epochs));
    case ScheduleType::cosine: {
      const double total = settings.epochs * per_epoch;
      const double done = std::clamp((now - warmup) / std::max(1.0, total - warmup), 0.0, 1.0);
      return peak * 0.5 * (1 + std::cos(kPi * done));
    }
    case ScheduleType::plateau:
      return peak * std::pow(schedule.factor, plateau_reductions(settings, monitored));
  }
  return peak;
}

UpdateGroup update_group(std::int64_t step, std::int64_t steps, std::int64_t accumulate) {
  const std::int64_t first = step / accumulate * accumulate;
  return {first, std::min(accumulate, steps - first)};
}

TrainableStages trainable_at(const EncoderSettings& encoder, int epoch) {
  if (encoder.unfreeze_epochs == 0) return encoder.trainable;
  const int stages = epoch / encoder.unfreeze_epochs;
  if (encoder.trainable.is_all()) return {stages};  // more than there are means all
  return {std::min(encoder.trainable.last, stages)};
}

StoppingState stopping_state(const EarlyStoppingSettings& settings, const std::vector<double>& monitored) {
  StoppingState state;
  for (std::size_t i = 0; i < monitored.size(); ++i) {
    if (state.best_epoch < 0 ||
        improves(settings.monitor, monitored[i], monitored[static_cast<std::size_t>(state.best_epoch)],
                 settings.min_delta)) {
      state.best_epoch = static_cast<int>(i);
    }
  }
  state.stop =
      settings.patience > 0 && static_cast<int>(monitored.size()) - 1 - state.best_epoch >= settings.patience;
  return state;
}

}  // namespace actrec
