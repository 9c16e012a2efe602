#include "cli/resume.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "core/error.h"
#include "core/text.h"
#include "engine/resources.h"
#include "engine/run_changes.h"
#include "engine/trainer.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfigFile = "config.json";

std::optional<TrainingState> read_state(const fs::path& directory) {
  const fs::path file = directory / kResumeFile;
  if (fs::exists(file)) return read_training_state(file);
  for (const char* name : {kBestCheckpoint, kLastCheckpoint}) {
    if (!fs::exists(directory / name)) continue;
    throw ConfigError(
        fmt::format("{} has no {}, so there is nothing to go on from", directory.string(), kResumeFile),
        fmt::format("begin a new run; --set model.encoder.weights={} starts it from these weights",
                    (directory / name).string()));
  }
  return std::nullopt;
}

void check_changes(const fs::path& directory, const ResumeChanges& settings,
                   const std::vector<std::string>& machine, bool allow_changes) {
  if (!settings.unsafe.empty()) {
    throw ConfigError(
        fmt::format("{} was begun with other settings: {}", directory.string(), join(settings.unsafe, "; ")),
        "leave them as they are, or begin a new run with them");
  }
  std::vector<std::string> changes = settings.safe;
  changes.insert(changes.end(), machine.begin(), machine.end());
  if (changes.empty()) return;
  if (!allow_changes) {
    throw ConfigError(
        fmt::format("{} was begun with other settings or on another machine: {}", directory.string(),
                    join(changes, "; ")),
        "--allow-changes goes on with them; results may then differ from those of the unchanged run");
  }
  for (const std::string& change : changes) spdlog::info("changed: {}", change);
}

}  // namespace

fs::path run_directory_of(const std::string& wanted) {
  const fs::path directory = absolute_path(wanted);
  if (fs::is_directory(directory) && fs::exists(directory / kConfigFile)) return directory;
  const bool is_file = fs::is_regular_file(directory);
  throw ConfigError(fmt::format("--resume {} is not the directory of a run{}", wanted,
                                is_file                 ? ", but a file"
                                : fs::exists(directory) ? fmt::format(": it has no {}", kConfigFile)
                                                        : ": it does not exist"),
                    is_file ? fmt::format("--resume {}", directory.parent_path().string())
                            : "name the directory that `actrec train` made, such as runs/NAME");
}

StoppedRun open_stopped_run(const fs::path& directory, const RunArguments& arguments, bool allow_changes) {
  RunArguments wanted = arguments;
  if (wanted.source.empty()) wanted.source = (directory / kConfigFile).string();
  StoppedRun run;
  const ProcessLayout layout = process_layout();
  run.settings = settings_of(wanted);
  share_machine(run.settings, layout);
  run.state = read_state(directory);
  const Settings begun = run.state ? run.state->info.settings : settings_of(directory / kConfigFile, {});
  // What was `auto` then is what it was taken for.
  if (run.settings.data.cache == CacheMode::automatic) run.settings.data.cache = begun.data.cache;
  if (run.settings.train.memory_format == MemoryFormat::automatic)
    run.settings.train.memory_format = begun.train.memory_format;
  std::vector<std::string> machine;
  ResumeChanges changes = resume_changes(begun, run.settings);
  if (run.state) {
    const auto now = describe_machine(run.settings, resolve_device(run.settings.device), layout.size);
    machine = changed_machine(run.state->machine, now);
    compare_clips_of_steps(begun.train.batch_size, processes_of(run.state->machine),
                           run.settings.train.batch_size, layout.size, changes);
  }
  check_changes(directory, changes, machine, allow_changes);
  if (begun.train.epochs != run.settings.train.epochs && begun.train.schedule.type == ScheduleType::cosine) {
    spdlog::warn(
        "the cosine schedule now ends with epoch {} instead of {}: where training goes on, the learning rate "
        "rises to what it is at that point of the longer schedule",
        run.settings.train.epochs, begun.train.epochs);
  }
  return run;
}

void require_same_clips(const TrainingState& state, const DataSplits& splits, const fs::path& directory) {
  const std::vector<std::string> changes = changed_clips(state.clips, list_clips(splits));
  if (changes.empty()) return;
  throw DataError(
      fmt::format("the data set has changed since {} was begun: {}", directory.string(), join(changes, "; ")),
      "put it back as it was, or begin a new run");
}

std::string position_text(const TrainingPosition& position) {
  const std::string epochs = format_count(static_cast<std::int64_t>(position.epochs.size()), "epoch");
  if (position.step == 0) return "after " + epochs;
  return fmt::format("after {} and {} of the next", epochs, format_count(position.step, "step"));
}

}  // namespace actrec
