#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "config/settings.h"
#include "engine/results.h"
#include "engine/training_state.h"

// What can be said of a training run by where it stands: pure functions.

namespace actrec {

// The value that decides on the best epoch and on stopping, of each epoch.
std::vector<double> monitored_values(const EarlyStoppingSettings& settings,
                                     const std::vector<EpochResult>& epochs);

// From 1; 0: none yet.
int best_epoch(const EarlyStoppingSettings& settings, const std::vector<EpochResult>& epochs);

// Whether nothing is left to train after these epochs, because all are done or patience has run out; and why.
std::optional<StopReason> finished(const TrainSettings& settings, const std::vector<EpochResult>& epochs);

// The epoch whose steps are complete, validated with `val`, after so many seconds; whether it is the best is
// left open.
EpochResult epoch_result(const Settings& settings, const TrainingPosition& position,
                         const EvaluationResult& val, double seconds);

// The step that is complete, of `steps` in the epoch, after so many seconds of training in all.
StepResult step_result(const Settings& settings, const TrainingPosition& position, std::int64_t steps,
                       double seconds);

}  // namespace actrec
