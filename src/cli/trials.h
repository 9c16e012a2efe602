#pragma once

#include <filesystem>
#include <string>

#include "cli/common.h"
#include "core/error.h"

// What `train` does besides training: trying things out, with nothing kept.

namespace actrec {

// Tries the first batch (engine/preflight.h) and logs what came of it, for checkpoints in `output`.
void log_preflight(const Settings& settings, const DataSplits& splits, const std::filesystem::path& output);

// --dry-run: the preflight alone.
ExitCode dry_run(const RunArguments& arguments, const std::string& wanted_output);

// --overfit-batch: learns so many clips by heart. Fails where it cannot.
ExitCode overfit(const RunArguments& arguments, int clips);

// --replay: does a step again whose loss or gradient was not finite, and prints what is in it.
ExitCode replay_step(const std::filesystem::path& file);

}  // namespace actrec
