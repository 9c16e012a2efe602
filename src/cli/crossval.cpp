#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <thread>

#include "cli/common.h"
#include "cli/resume.h"
#include "cli/run_directory.h"
#include "cli/verbs.h"
#include "config/config_file.h"
#include "core/atomic_file.h"
#include "core/directory_lock.h"
#include "core/error.h"
#include "core/logging.h"
#include "core/stop_signal.h"
#include "core/text.h"
#include "engine/cross_validation.h"
#include "engine/fold_file.h"
#include "engine/resources.h"
#include "engine/run_changes.h"
#include "engine/trainer.h"
#include "report/crossval_text.h"
#include "report/progress.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

// Marks the directory of a cross-validation, and holds the settings of its first fold.
constexpr const char* kSettingsFile = "crossval.json";
constexpr int kNoFold = -1;
constexpr int kMostFolds = 1000;  // of data.split.folds

struct CrossvalArguments {
  RunArguments run;
  int folds = 0;  // 0: as the configuration says
  int seeds = 1;
  int fold = kNoFold;  // the only one to run
  std::string output;
  bool json = false;
};

Settings settings_with_folds(const CrossvalArguments& arguments) {
  Settings settings = settings_of(arguments.run);
  SplitSettings& split = settings.data.split;
  if (arguments.folds > 0) split.folds = arguments.folds;
  split.fold = 0;
  if (split.folds < 2 || split.folds > kMostFolds) {
    throw ConfigError(split.folds == 0
                          ? "the number of folds is missing"
                          : fmt::format("--folds {}: there must be 2 to {} folds", split.folds, kMostFolds),
                      "--folds 5 tests on each fifth of the groups in turn");
  }
  if (arguments.fold >= split.folds) {
    throw ConfigError(
        fmt::format("--fold {}: the folds are numbered from 0 to {}", arguments.fold, split.folds - 1));
  }
  return settings;
}

// Locks the directory, waiting for another process to be done with it.
std::unique_ptr<DirectoryLock> wait_for_lock(const fs::path& directory) {
  while (true) {
    if (auto lock = DirectoryLock::try_lock(directory)) return lock;
    if (stop_requested()) throw Interrupted();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

// Makes the directory, or takes one in which the same cross-validation has begun. Gives data.cache what it
// stands for, once for all folds.
fs::path open_output(const std::string& wanted, Settings& settings, const std::vector<ClipRef>& clips) {
  const fs::path output = wanted.empty() ? make_output("", name_of_data(settings.data.path) + "-crossval")
                                         : absolute_path(wanted);
  create_writable_directory(output);
  const auto lock = wait_for_lock(output);
  const fs::path file = output / kSettingsFile;
  if (!fs::exists(file)) {
    require_free(output);
    choose_cache(settings, clips);
    write_file_atomically(file, settings_to_json(settings).dump(2) + "\n");
    return output;
  }
  const Settings begun = settings_of(file, {});
  if (settings.data.cache == CacheMode::automatic) settings.data.cache = begun.data.cache;
  const std::vector<std::string> changes = changed_settings(begun, settings);
  if (changes.empty()) return output;
  throw ConfigError(fmt::format("{} holds a cross-validation with other settings: {}", output.string(),
                                join(changes, "; ")),
                    "repeat its settings to go on with it, or take another --output");
}

// What a run that did not end left of itself in a fold's directory, which the caller has locked: where it
// stands, or none where it has to start again.
std::optional<TrainingState> unfinished_state(const fs::path& directory, const Settings& settings) {
  const fs::path config = directory / "config.json";
  if (fs::exists(config)) {
    const std::vector<std::string> changes = changed_settings(settings_of(config, {}), settings);
    if (!changes.empty()) {
      throw ConfigError(fmt::format("{} holds an unfinished run with other settings: {}", directory.string(),
                                    join(changes, "; ")),
                        "move it away, or take another --output");
    }
    try {
      if (fs::exists(directory / kResumeFile)) return read_training_state(directory / kResumeFile);
    } catch (const CheckpointError& error) {
      spdlog::warn("{}: it starts again", error.what());
    }
  } else if (!is_free(directory)) {
    throw ConfigError(fmt::format("{} is not the directory of a fold", directory.string()),
                      "move it away, or take another --output");
  }
  return std::nullopt;
}

class Crossval {
 public:
  Crossval(const CrossvalArguments& arguments)
      : settings_(settings_with_folds(arguments)),
        index_(load_index(settings_)),
        runs_(plan_folds(settings_, index_, arguments.seeds)) {
    if (settings_.device != "auto") resolve_device(settings_.device);  // a missing one leaves nothing behind
    spdlog::info("data: {} of {} classes, {}; {} folds, {}",
                 format_count(static_cast<std::int64_t>(index_.clips.size()), "clip"), index_.classes.size(),
                 index_.format, settings_.data.split.folds, format_count(arguments.seeds, "seed"));
    warn_about_flips(settings_, index_.classes);
    output_ = open_output(arguments.output, settings_, index_.clips);
    spdlog::info("cross-validation directory: {}", output_.string());
  }

  // Trains what is left to train of all folds, or of one.
  void run(int only_fold) {
    try {
      for (const FoldRun& run : runs_) {
        if (only_fold == kNoFold || only_fold == run.fold) run_fold(run);
      }
    } catch (const Interrupted&) {
      spdlog::info("finished folds are kept; the same command with --output {} goes on", output_.string());
      throw;
    }
  }

  CrossValidationState state() const {
    CrossValidationState state;
    std::vector<FoldResult> finished;
    for (const FoldRun& run : runs_) {
      auto result = read_fold_result(output_ / run.directory, settings_of(run, settings_), run.fingerprint);
      if (result) {
        finished.push_back(std::move(*result));
      } else {
        state.unfinished.push_back(run.directory);
      }
    }
    if (!finished.empty()) state.finished = summarize_folds(std::move(finished));
    return state;
  }

 private:
  void run_fold(const FoldRun& run) {
    if (stop_requested()) throw Interrupted();
    Settings settings = settings_of(run, settings_);
    const fs::path directory = output_ / run.directory;
    create_writable_directory(directory);
    const auto lock = DirectoryLock::try_lock(directory);
    if (!lock) {
      spdlog::info("{}: another process is at work on it", run.directory);
      return;
    }
    if (read_fold_result(directory, settings, run.fingerprint)) {
      spdlog::info("{}: finished earlier", run.directory);
      return;
    }
    std::optional<TrainingState> state = unfinished_state(directory, settings);
    DataSplits splits = load_splits(settings, index_);
    audit_leakage(settings, splits);
    if (state) {
      require_same_clips(*state, splits, directory);
      remove_leftovers(directory);
    } else {
      remove_run(directory);
    }
    add_log_file(directory / "log.txt", state ? LogFile::append : LogFile::anew);
    if (state) {
      spdlog::info("{}: goes on in {} {}", run.directory, directory.string(), position_text(state->position));
    } else {
      spdlog::info("{}: training in {}", run.directory, directory.string());
    }
    choose_cache(settings, splits);
    const TrainingSummary summary = run_training(settings, splits, directory, std::move(state));
    if (summary.reason == StopReason::interrupted) throw Interrupted();

    ProgressLine line;
    const FoldResult result =
        test_fold(settings, splits, summary, [&](std::int64_t done, std::int64_t total) {
          line.show(fmt::format("testing {}/{} clips", done, total));
        });
    line.clear();
    write_fold_result(directory, settings, run.fingerprint, result);
    spdlog::info("{}: test top-1 {:.4f} ({}), best epoch {}", run.directory, result.evaluation.top1,
                 format_count(result.evaluation.clips, "clip"), result.best_epoch);
  }

  Settings settings_;
  DatasetIndex index_;
  std::vector<FoldRun> runs_;
  fs::path output_;
};

ExitCode crossval_verb(const CrossvalArguments& arguments) {
  Crossval crossval(arguments);
  crossval.run(arguments.fold);
  const CrossValidationState state = crossval.state();
  if (arguments.json) {
    fmt::print("{}\n", crossval_json(state).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    fmt::print("{}", crossval_text(state));
  }
  return ExitCode::ok;
}

}  // namespace

Action declare_crossval(CLI::App& app) {
  auto arguments = std::make_shared<CrossvalArguments>();
  add_run_arguments(app, arguments->run);
  app.add_option("--folds", arguments->folds, "into how many folds the groups are divided")
      ->type_name("K")
      ->check(CLI::Range(2, kMostFolds));
  app.add_option("--seeds", arguments->seeds, "repeat with the seeds train.seed, train.seed + 1, ... (1)")
      ->type_name("N")
      ->check(CLI::Range(1, 1000));
  app.add_option("--fold", arguments->fold, "run only this fold, from 0")
      ->type_name("I")
      ->check(CLI::Range(0, kMostFolds - 1));
  app.add_option("-o,--output", arguments->output,
                 "directory to make, or of a cross-validation to go on with; the default is a new one under "
                 "runs/")
      ->type_name("DIR");
  app.add_flag("--json", arguments->json, "one JSON document on stdout");
  return [=] { return crossval_verb(*arguments); };
}

}  // namespace actrec
