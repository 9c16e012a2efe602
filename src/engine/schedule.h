#pragma once

#include <cstdint>
#include <vector>

#include "config/settings.h"

namespace actrec {

// Whether `value` is better than `best` by more than min_delta. Any number is better than NaN. With
// Monitor::none every epoch is better than those before it.
bool improves(Monitor monitor, double value, double best, double min_delta);

// The learning rate of a step: a pure function of the step and of the monitored values of the epochs before
// it. `step` counts optimiser steps from 0.
double learning_rate_at(const TrainSettings& settings, std::int64_t step, std::int64_t steps_per_epoch,
                        const std::vector<double>& monitored);

// The best epoch (from 0; -1 before the first) and whether patience has run out after these epochs.
struct StoppingState {
  int best_epoch = -1;
  bool stop = false;
};
StoppingState stopping_state(const EarlyStoppingSettings& settings, const std::vector<double>& monitored);

}  // namespace actrec
