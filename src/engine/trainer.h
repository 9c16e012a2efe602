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
// user asked to stop; before the first step it throws Interrupted instead. The result is a pure function of
// settings and splits for a given LibTorch, device, number of threads and memory format; data.workers and a
// raw frame cache do not change it.
// Clips that cannot be read are left out or end the training, as data.bad_videos says.
// Throws DataError (naming the clip), ConfigError (device, sampling), Error (disk, a loss that is not
// finite).
TrainingSummary train(const Settings& settings, const DataSplits& splits, const std::filesystem::path& output,
                      const std::vector<TrainingObserver*>& observers);

}  // namespace actrec
