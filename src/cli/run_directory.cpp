#include "cli/run_directory.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <set>

#include "cli/common.h"
#include "cli/evaluation_data.h"
#include "cli/make_report.h"
#include "config/config_file.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "data/thumbnails.h"
#include "engine/replay.h"
#include "engine/trainer.h"
#include "report/metrics_log.h"
#include "report/progress.h"
#include "report/tensorboard.h"

namespace actrec {

namespace fs = std::filesystem;

namespace {

bool is_leftover(const fs::path& file) { return file.extension() == AtomicFile::kTemporarySuffix; }

// Of TensorBoard, in a run directory.
std::vector<fs::path> event_files(const fs::path& directory) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    if (entry.path().filename().string().rfind(kEventFilePrefix, 0) == 0) files.push_back(entry.path());
  }
  return files;
}

// With what rank 0 keeps of a run beside its checkpoints.
TrainingSummary train_and_record(const Settings& settings, const DataSplits& splits,
                                 const fs::path& directory, ProcessGroup& group,
                                 std::optional<TrainingState> state) {
  write_file_atomically(directory / "config.json", settings_to_json(settings).dump(2) + "\n");
  MetricsLog metrics(directory);
  TrainingProgress progress(settings.train.epochs);
  const Thumbnails thumbnails(settings, kFilmstripFrames, kFilmstripHeight);
  TensorBoardLog events(directory,
                        [&](const std::string& clip) { return thumbnails.of(clip_named(splits.val, clip)); });
  return train(settings, splits, directory, {&metrics, &progress, &events}, group, std::move(state));
}

}  // namespace

bool is_free(const fs::path& directory) {
  if (!fs::is_directory(directory)) return false;
  std::set<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    if (!is_leftover(entry.path())) names.insert(entry.path().filename().string());
  }
  return names.empty() || names == std::set<std::string>{"log.txt"} ||
         names == std::set<std::string>{"config.json", "log.txt"};
}

void require_free(const fs::path& directory) {
  if (is_free(directory)) return;
  throw ConfigError(
      fmt::format("--output {} already exists and is not an empty directory", directory.string()),
      fs::exists(directory / kResumeFile)
          ? fmt::format("`actrec train --resume {}` goes on with the run in it", directory.string())
          : "choose another name; nothing is overwritten");
}

fs::path make_output(const std::string& wanted, const std::string& name) {
  if (!wanted.empty()) {
    if (fs::exists(wanted)) require_free(wanted);
    create_writable_directory(wanted);
    return absolute_path(wanted);
  }
  const fs::path runs = absolute_path("runs");
  create_writable_directory(runs);
  fs::path output = runs / name;
  // Making it also keeps it from another run that starts at the same moment.
  for (int k = 2; !fs::create_directory(output); ++k) output = runs / fmt::format("{}-{}", name, k);
  return output;
}

std::string name_of_data(const fs::path& data) {
  const bool list = data.has_extension() && !fs::is_directory(data);
  return (list ? data.parent_path() : data).filename().string();
}

void remove_run(const fs::path& directory) {
  for (const char* name : {"config.json", "log.txt", "metrics.jsonl", "metrics.csv", kBestCheckpoint,
                           kLastCheckpoint, kResumeFile, kReplayFile, "report.html"}) {
    fs::remove(directory / name);
  }
  remove_leftovers(directory);
  for (const fs::path& file : event_files(directory)) fs::remove(file);
}

void remove_leftovers(const fs::path& directory) {
  std::vector<fs::path> leftovers;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    if (entry.is_regular_file() && is_leftover(entry.path())) leftovers.push_back(entry.path());
  }
  for (const fs::path& file : leftovers) fs::remove(file);
}

TrainingSummary run_training(const Settings& settings, const DataSplits& splits, const fs::path& directory,
                             ProcessGroup& group, std::optional<TrainingState> state) {
  const TrainingSummary summary = group.leads()
                                      ? train_and_record(settings, splits, directory, group, std::move(state))
                                      : train(settings, splits, directory, {}, group, std::move(state));
  if (summary.reason != StopReason::interrupted && summary.best_epoch > 0)
    write_run_report(directory, settings, splits, group);
  return summary;
}

TrainingSummary run_training(const Settings& settings, const DataSplits& splits, const fs::path& directory,
                             std::optional<TrainingState> state) {
  ProcessGroup alone;
  return run_training(settings, splits, directory, alone, std::move(state));
}

}  // namespace actrec
