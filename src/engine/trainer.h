#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "config/settings.h"
#include "data/splits.h"
#include "engine/observer.h"
#include "engine/process_group.h"
#include "engine/training_state.h"

namespace actrec {

inline constexpr const char* kBestCheckpoint = "best.safetensors";
inline constexpr const char* kLastCheckpoint = "last.safetensors";
inline constexpr const char* kResumeFile = "resume.safetensors";

// Trains a model on splits.train, choosing the best epoch on splits.val (splits.test is never looked at), and
// keeps best.safetensors, last.safetensors and resume.safetensors in `output`, which must exist. Observers
// hear of every step and epoch. Returns when the epochs are done, when patience runs out, or, with the
// weights and the training state saved, when the user asked to stop; before the first step it throws
// Interrupted instead. The result is a pure function of settings and splits for a given LibTorch, device,
// number of threads and memory format; data.workers and a raw frame cache do not change it.
//
// With a `state`, which must be of a run on these splits in `output`, training goes on from there and gives,
// bit for bit, what it would have given without a pause. A run that had finished ends at once.
//
// What is in `output` is usable at any moment, whatever ends the process. After an epoch last.safetensors is
// written first, then resume.safetensors, then, if it is the best so far, best.safetensors: so the best model
// is never of an epoch that a resumed run would go through again, and where it had not been written yet, it
// is made from the training state.
// Clips that cannot be read are left out or end the training, as data.bad_videos says.
//
// In a `group` of several processes each calls it with the same arguments and trains on its part of every
// batch, which has train.batch_size clips for each process: the model is, but for rounding, what one process
// makes of batches of that many clips, where no layer mixes the clips of a batch (batch normalisation does;
// the statistics that are kept are those of rank 0). Rank 0 alone writes into `output`, which all can read,
// and has observers. Where one process fails, all others throw Error.
//
// Throws DataError (naming the clip), ConfigError (device, sampling), Error (disk, a loss that is not
// finite), CheckpointError (a state that does not fit, a best model that is not that of the state).
TrainingSummary train(const Settings& settings, const DataSplits& splits, const std::filesystem::path& output,
                      const std::vector<TrainingObserver*>& observers, ProcessGroup& group,
                      std::optional<TrainingState> state = std::nullopt);
// By this process alone.
TrainingSummary train(const Settings& settings, const DataSplits& splits, const std::filesystem::path& output,
                      const std::vector<TrainingObserver*>& observers,
                      std::optional<TrainingState> state = std::nullopt);

}  // namespace actrec
