#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "cli/common.h"
#include "cli/verbs.h"
#include "config/config_file.h"
#include "core/atomic_file.h"
#include "core/logging.h"
#include "data/mirror_classes.h"
#include "engine/resources.h"
#include "engine/trainer.h"
#include "report/metrics_log.h"
#include "report/progress.h"
#include "report/results_text.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

// Whether a run may start there: nothing is in it but what a run writes before its first epoch.
bool is_free(const fs::path& directory) {
  if (!fs::exists(directory)) return true;
  if (!fs::is_directory(directory)) return false;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    const fs::path name = entry.path().filename();
    if (name != "config.json" && name != "log.txt") return false;
  }
  return true;
}

// The directory asked for, or the first free of runs/NAME, runs/NAME-2, ...
fs::path choose_output(const std::string& wanted, const Settings& settings) {
  if (!wanted.empty()) {
    if (!is_free(wanted)) {
      throw ConfigError(fmt::format("--output {} already exists and is not an empty directory", wanted),
                        "choose another name; nothing is overwritten");
    }
    return absolute_path(wanted);
  }
  const fs::path data = settings.data.path;
  const bool list = data.has_extension() && !fs::is_directory(data);
  const std::string name = (list ? data.parent_path() : data).filename().string();
  fs::path output = absolute_path("runs") / name;
  for (int k = 2; !is_free(output); ++k) output = absolute_path("runs") / fmt::format("{}-{}", name, k);
  return output;
}

void warn_about_flips(const Settings& settings, const std::vector<std::string>& classes) {
  if (!settings.augment.enabled || settings.augment.horizontal_flip == 0) return;
  for (const auto& [one, other] : find_mirror_classes(classes)) {
    spdlog::warn("a mirror image of '{}' looks like '{}': set augment.horizontal_flip=0", one, other);
  }
}

ExitCode train_verb(const RunArguments& arguments, const std::string& wanted_output) {
  Settings settings = settings_of(arguments);
  if (settings.device != "auto") resolve_device(settings.device);  // a missing device leaves no run behind
  const DataSplits splits = load_splits(settings);
  warn_about_flips(settings, splits.classes);

  const fs::path output = choose_output(wanted_output, settings);
  create_writable_directory(output);
  add_log_file(output / "log.txt");
  spdlog::info("run directory: {}", output.string());
  choose_cache(settings, splits);
  write_file_atomically(output / "config.json", settings_to_json(settings).dump(2) + "\n");

  MetricsLog metrics(output);
  TrainingProgress progress(settings.train.epochs);
  const TrainingSummary summary = train(settings, splits, output, {&metrics, &progress});
  fmt::print("{}", summary_text(summary));
  return summary.reason == StopReason::interrupted ? ExitCode::interrupted : ExitCode::ok;
}

}  // namespace

Action declare_train(CLI::App& app) {
  auto arguments = std::make_shared<RunArguments>();
  auto output = std::make_shared<std::string>();
  add_run_arguments(app, *arguments);
  app.add_option("-o,--output", *output, "run directory to make; the default is a new one under runs/")
      ->type_name("DIR");
  return [=] { return train_verb(*arguments, *output); };
}

}  // namespace actrec
