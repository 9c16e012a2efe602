#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "cli/common.h"
#include "cli/out_of_memory.h"
#include "cli/prepare_cache.h"
#include "cli/processes.h"
#include "cli/resume.h"
#include "cli/run_directory.h"
#include "cli/trials.h"
#include "cli/verbs.h"
#include "core/directory_lock.h"
#include "core/error.h"
#include "core/logging.h"
#include "engine/resources.h"
#include "engine/trainer.h"
#include "engine/training_progress.h"
#include "report/results_text.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

struct TrainArguments {
  RunArguments run;
  std::string output;
  std::string resume;  // the directory of a run to go on with
  bool allow_changes = false;
  std::string replay;  // a file that a step left which was not finite
  int overfit = 0;     // clips to learn by heart
  bool dry_run = false;
  bool prepare = false;
};

ExitCode report(const TrainingSummary& summary, const ProcessGroup& group) {
  if (group.leads()) fmt::print("{}", summary_text(summary));
  return summary.reason == StopReason::interrupted ? ExitCode::interrupted : ExitCode::ok;
}

// Rank 0 looks at the disk, and all do as it says.
void choose_cache_together(Settings& settings, const DataSplits& splits, ProcessGroup& group) {
  if (group.leads()) choose_cache(settings, splits);
  const std::string mode = group.broadcast(std::to_string(static_cast<int>(settings.data.cache)));
  settings.data.cache = static_cast<CacheMode>(std::stoi(mode));
}

// Goes on with a run that was stopped, whatever stopped it.
ExitCode resume(const TrainArguments& arguments) {
  const fs::path directory = run_directory_of(arguments.resume);
  const std::unique_ptr<ProcessGroup> group = join_processes(settings_of(directory / "config.json", {}));
  std::optional<DirectoryLock> lock;
  if (group->leads()) lock.emplace(directory);
  StoppedRun run = open_stopped_run(directory, arguments.run, arguments.allow_changes);
  DataSplits splits = load_splits(run.settings);
  if (run.state) {
    require_same_clips(*run.state, splits, directory);
    splits.leakage = run.state->info.leakage;
  } else {
    audit_leakage(run.settings, splits);
  }
  require_same_start(*group, run.settings, splits);
  if (group->leads()) {
    remove_leftovers(directory);
    add_log_file(directory / "log.txt", LogFile::append);
  }
  if (!run.state) {
    spdlog::info("{} had not saved anything yet: it begins at its start", directory.string());
  } else if (finished(run.settings.train, run.state->position.epochs)) {
    spdlog::info("{} has finished: nothing is left to train", directory.string());
  } else {
    spdlog::info("{} goes on {}", directory.string(), position_text(run.state->position));
  }
  choose_cache_together(run.settings, splits, *group);
  const auto training = [&] {
    return run_training(run.settings, splits, directory, *group, std::move(run.state));
  };
  return report(with_memory_advice(run.settings, splits, training), *group);
}

ExitCode prepare(const RunArguments& arguments) {
  Settings settings = settings_of(arguments);
  share_machine(settings, process_layout());
  const std::unique_ptr<ProcessGroup> group = join_processes(settings);
  const DataSplits splits = load_splits(settings);
  require_same_start(*group, settings, splits);
  choose_cache_together(settings, splits, *group);
  prepare_cache(settings, splits, *group);
  return ExitCode::ok;
}

ExitCode train_anew(const RunArguments& arguments, const std::string& wanted_output) {
  Settings settings = settings_of(arguments);
  share_machine(settings, process_layout());
  if (settings.device != "auto") resolve_device(settings.device);  // a missing device leaves no run behind
  const std::unique_ptr<ProcessGroup> group = join_processes(settings);
  DataSplits splits = load_splits(settings);
  require_same_start(*group, settings, splits);
  fs::path output;
  std::optional<DirectoryLock> lock;
  if (group->leads()) {
    audit_leakage(settings, splits);
    warn_about_flips(settings, splits.classes);
    output = make_output(wanted_output, name_of_data(settings.data.path));
    lock.emplace(output);
    remove_leftovers(output);
    add_log_file(output / "log.txt");
    spdlog::info("run directory: {}", output.string());
  }
  output = group->broadcast(output.string());
  choose_cache_together(settings, splits, *group);
  const auto training = [&] {
    if (group->leads()) log_preflight(settings, splits, output);
    return run_training(settings, splits, output, *group);
  };
  return report(with_memory_advice(settings, splits, training), *group);
}

void check(const TrainArguments& arguments) {
  const bool resumes = !arguments.resume.empty(), replays = !arguments.replay.empty();
  const int modes = (resumes ? 1 : 0) + (replays ? 1 : 0) + (arguments.dry_run ? 1 : 0) +
                    (arguments.overfit > 0 ? 1 : 0) + (arguments.prepare ? 1 : 0);
  if (modes > 1) {
    throw ConfigError("--prepare, --dry-run, --overfit-batch, --replay and --resume exclude each other",
                      "give one of them");
  }
  if (!resumes && !replays && arguments.run.source.empty()) {
    throw ConfigError("`actrec train` needs CONFIG|DATA: a configuration (.json), or a data set",
                      "`actrec train --help` lists the arguments");
  }
  if (!resumes && arguments.allow_changes) {
    throw ConfigError("--allow-changes is for a run that goes on", "name it with --resume RUN");
  }
  if (resumes && !arguments.output.empty())
    throw ConfigError("--resume goes on in the directory of its run, and takes no --output");
}

ExitCode train_verb(const TrainArguments& arguments) {
  check(arguments);
  if (arguments.dry_run) require_one_process("--dry-run");
  if (arguments.overfit > 0) require_one_process("--overfit-batch");
  if (!arguments.replay.empty()) require_one_process("--replay");
  if (arguments.prepare) return prepare(arguments.run);
  if (arguments.dry_run) return dry_run(arguments.run, arguments.output);
  if (arguments.overfit > 0) return overfit(arguments.run, arguments.overfit);
  if (!arguments.replay.empty()) return replay_step(arguments.replay);
  return arguments.resume.empty() ? train_anew(arguments.run, arguments.output) : resume(arguments);
}

}  // namespace

Action declare_train(CLI::App& app) {
  auto arguments = std::make_shared<TrainArguments>();
  add_run_arguments(app, arguments->run);
  app.get_option("source")->required(false);
  app.add_flag("--prepare", arguments->prepare, "only fill the frame cache, to train from later");
  app.add_option("-o,--output", arguments->output,
                 "run directory to make; the default is a new one under runs/")
      ->type_name("DIR");
  app.add_option(
         "--resume", arguments->resume,
         "go on with the run in this directory, as if it had never stopped; CONFIG|DATA may be left out")
      ->type_name("RUN");
  app.add_flag("--allow-changes", arguments->allow_changes,
               "--resume with more epochs, another device, machine, number of threads, or place of the data");
  app.add_flag("--dry-run", arguments->dry_run,
               "only try the first batch: loss, gradients, memory, disk, time");
  app.add_option("--overfit-batch", arguments->overfit,
                 "only try whether the model can learn so many clips by heart")
      ->type_name("CLIPS")
      ->check(CLI::Range(1, 65536));
  app.add_option("--replay", arguments->replay,
                 "only do the step again whose loss or gradient was not finite, from the file that it left")
      ->type_name("FILE");
  return [=] { return train_verb(*arguments); };
}

}  // namespace actrec
