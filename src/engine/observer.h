#pragma once

#include <vector>

#include "engine/results.h"

namespace actrec {

// Is told how training goes, in the training thread: keep it quick. An exception ends the training.
class TrainingObserver {
 public:
  virtual ~TrainingObserver() = default;
  // Before anything else where training goes on with a run that was interrupted: its complete epochs.
  virtual void on_resume(const std::vector<EpochResult>&) {}
  virtual void on_step(const StepResult&) {}
  virtual void on_epoch(const EpochResult&) {}
  // After on_epoch(), where the epoch is the best so far (without a monitored value: where it is the last);
  // with the predictions of temperature 1.
  virtual void on_best_epoch(const EpochResult&, const EvaluationResult& /*validation*/) {}
};

}  // namespace actrec
