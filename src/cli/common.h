#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "config/settings.h"
#include "data/splits.h"

// Arguments and steps that several verbs share.

namespace actrec {

// CONFIG|DATA with --set and --device, as train and its siblings take them.
struct RunArguments {
  std::string source;  // a .json configuration, or a data set
  std::vector<std::string> overrides;
  std::string device;
};
void add_run_arguments(CLI::App& app, RunArguments& arguments);
// The same without --device.
void add_data_arguments(CLI::App& app, RunArguments& arguments);

// The settings the arguments stand for. Throws ConfigError.
Settings settings_of(const RunArguments& arguments);

// The settings of a configuration file with overrides.
Settings settings_of(const std::filesystem::path& file, const std::vector<std::string>& overrides);

// Reads the data set of the settings. Throws ConfigError where they name none.
DatasetIndex load_index(const Settings& settings);

// Reads and divides the data set, and logs a line about it.
DataSplits load_splits(const Settings& settings);
DataSplits load_splits(const Settings& settings, const DatasetIndex& index);

// Looks for what the splits share (data/leakage.h), also with what `actrec check` has found out about the
// data, logs it, and keeps the verdict in `splits`.
void audit_leakage(const Settings& settings, DataSplits& splits);

// Replaces data.cache `auto` by what it stands for with these clips (for splits: those that training reads),
// and logs it.
void choose_cache(Settings& settings, const DataSplits& splits);
void choose_cache(Settings& settings, const std::vector<ClipRef>& clips);

// Warns where the mirror image of a class looks like another class and training flips clips.
void warn_about_flips(const Settings& settings, const std::vector<std::string>& classes);

// How a checkpoint is applied, which may differ from how it was trained.
struct InferenceOptions {
  std::string device;    // empty: auto, whatever the training machine had
  std::string sampling;  // empty: as trained
  int clips = 0;         // temporal clips of a clip, to average; 0: as trained
  int views = 0;         // of each of them; 0: as trained
};
void add_inference_options(CLI::App& app, InferenceOptions& options);

// Changes the settings of a checkpoint accordingly, and lets it use all cores of this machine.
void apply(const InferenceOptions& options, Settings& settings);

// A relative path made absolute against the working directory.
std::filesystem::path absolute_path(const std::string& path);

}  // namespace actrec
