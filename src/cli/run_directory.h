#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "config/settings.h"
#include "data/splits.h"
#include "engine/process_group.h"
#include "engine/results.h"
#include "engine/training_state.h"

// The directory of a training run.

namespace actrec {

// Whether a run may start in an existing directory: it is empty, or an earlier run failed there before its
// first epoch.
bool is_free(const std::filesystem::path& directory);

// Throws ConfigError where a directory named with --output is not free.
void require_free(const std::filesystem::path& directory);

// Makes the directory asked for; or, where `wanted` is empty, the first of runs/NAME, runs/NAME-2, ... that
// does not exist. Throws ConfigError where it exists and is not free.
std::filesystem::path make_output(const std::string& wanted, const std::string& name);

// NAME for a run on that data: its folder's.
std::string name_of_data(const std::filesystem::path& data);

// Removes what a run writes, for one that starts again in the directory of a run that did not end.
void remove_run(const std::filesystem::path& directory);

// Removes the unfinished files that a process leaves in a run's directory when it is killed while it writes.
// The caller has locked it.
void remove_leftovers(const std::filesystem::path& directory);

// Trains in `directory`, which the caller has locked: writes its log, config.json and metrics, and shows how
// training goes. With a `state`, which must be of the run in this directory, it goes on from there. Of
// several processes, rank 0 alone writes and shows anything.
TrainingSummary run_training(const Settings& settings, const DataSplits& splits,
                             const std::filesystem::path& directory, ProcessGroup& group,
                             std::optional<TrainingState> state = std::nullopt);
// By this process alone.
TrainingSummary run_training(const Settings& settings, const DataSplits& splits,
                             const std::filesystem::path& directory,
                             std::optional<TrainingState> state = std::nullopt);

}  // namespace actrec
