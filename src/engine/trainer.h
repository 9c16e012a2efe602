#pragma once

#include <filesystem>
#include <vector>

#include "config/settings.h"
#include "data/splits.h"
#include "engine/observer.h"

namespace actrec {

// Trains a model on splits.train, choosing the best epoch on splits.val (splits.test is never looked at), and
// keeps best.safetensors and last.safetensors in `output`, which must exist. Observers hear of every step and
// epoch. Returns when the epochs are done, when patience runs out, or, with last.safetensors saved, when the
// user asked to stop. The result is a pure function of settings and splits for a given LibTorch, device and
// number of threads; data.workers does not change it.
// Throws DataError (naming the clip), ConfigError (device, sampling), Error (disk, a loss that is not
// finite).
TrainingSummary train(const Settings& settings, const DataSplits& splits, const std::filesystem::path& output,
                      const std::vector<TrainingObserver*>& observers);

}  // namespace actrec
