#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "config/settings.h"
#include "data/splits.h"

// What is tried before training: on a model of its own, so that training gives the same bits with and without
// it.

namespace actrec {

struct PreflightResult {
  double loss = 0;                                // of the first batch
  double uniform_loss = 0;                        // ln K: of a model that knows nothing
  std::int64_t tensors = 0;                       // parameters that are to learn in the first epoch
  std::vector<std::string> without_gradient;      // those that no gradient reaches
  double step_seconds = 0;                        // computing a step, the batch being there
  std::int64_t steps = 0;                         // of an epoch
  double memory_bytes = 0, memory_available = 0;  // that training will take of the host's, and may take
  double disk_bytes = 0, disk_available = 0;      // of checkpoints, in the run directory
  double seconds = 0;  // of computing all epochs, validation included, where nothing has to wait for data
};

// Takes the first training batch forward and backward. `output` is where checkpoints will be. Throws what
// training throws.
PreflightResult preflight(const Settings& settings, const DataSplits& splits,
                          const std::filesystem::path& output);

// What is wrong, or looks it, a sentence each.
std::vector<std::string> warnings(const PreflightResult& result);

struct OverfitResult {
  std::int64_t clips = 0;
  std::int64_t steps = 0;  // that were trained
  double first_loss = 0, last_loss = 0;
  double top1 = 0;     // of these clips in the end
  bool works = false;  // the loss came near zero
};

// The classic sanity check: whether the model can learn the first `clips` training clips by heart, in at most
// `max_steps` steps on all of them at once, with nothing that would keep it from it: no augmentation,
// dropout, label smoothing, weight decay or schedule.
OverfitResult overfit_batch(const Settings& settings, const DataSplits& splits, int clips,
                            int max_steps = 300);

// The largest of batch_size / 2, / 4, ... with which a step does not run out of memory; 0 where none does.
int batch_size_that_fits(const Settings& settings, const DataSplits& splits);

}  // namespace actrec
