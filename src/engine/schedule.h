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

// The steps whose gradients are added up for one update: `size` from `first` on, counted within the epoch.
struct UpdateGroup {
  std::int64_t first = 0, size = 0;
};
// That of a step, in an epoch of `steps`; the last group may be smaller.
UpdateGroup update_group(std::int64_t step, std::int64_t steps, std::int64_t accumulate);

// What of the encoder learns in an epoch, from 0: with gradual unfreezing (Howard & Ruder 2018) one more of
// its last stages after every so many epochs.
TrainableStages trainable_at(const EncoderSettings& encoder, int epoch);

// The best epoch (from 0; -1 before the first) and whether patience has run out after these epochs.
struct StoppingState {
  int best_epoch = -1;
  bool stop = false;
};
StoppingState stopping_state(const EarlyStoppingSettings& settings, const std::vector<double>& monitored);

}  // namespace actrec
