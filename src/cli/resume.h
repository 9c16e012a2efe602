#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "cli/common.h"
#include "config/settings.h"
#include "data/splits.h"
#include "engine/training_state.h"

// A run that was stopped, and what it needs to go on.

namespace actrec {

struct StoppedRun {
  Settings settings;                   // for what is left of it
  std::optional<TrainingState> state;  // none: it had not saved anything yet, and begins at its start
};

// Reads the run in `directory`, which the caller has locked, and checks that it may go on with the settings
// of `arguments`: those of the run where they name no source. Without `allow_changes` nothing may have
// changed; with it, what resume_changes() and changed_machine() call safe may, and is logged. Throws
// ConfigError that lists what has changed, CheckpointError for a damaged file.
StoppedRun open_stopped_run(const std::filesystem::path& directory, const RunArguments& arguments,
                            bool allow_changes);

// The directory that `--resume` names. Throws ConfigError where it holds no run.
std::filesystem::path run_directory_of(const std::string& wanted);

// Throws DataError that lists what has changed in the data set since the run began.
void require_same_clips(const TrainingState& state, const DataSplits& splits,
                        const std::filesystem::path& directory);

// "after 3 epochs and 12 steps of the next"
std::string position_text(const TrainingPosition& position);

}  // namespace actrec
