#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <set>

#include "cli/common.h"
#include "cli/verbs.h"
#include "config/config_file.h"
#include "core/atomic_file.h"
#include "core/directory_lock.h"
#include "core/logging.h"
#include "core/system.h"
#include "core/text.h"
#include "data/cache_directory.h"
#include "data/cache_fill.h"
#include "data/mirror_classes.h"
#include "engine/resources.h"
#include "engine/trainer.h"
#include "report/metrics_log.h"
#include "report/progress.h"
#include "report/results_text.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

// Whether a run may start in an existing directory: it is empty, or an earlier run failed there before its
// first epoch.
bool is_free(const fs::path& directory) {
  if (!fs::is_directory(directory)) return false;
  std::set<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory))
    names.insert(entry.path().filename().string());
  return names.empty() || names == std::set<std::string>{"log.txt"} ||
         names == std::set<std::string>{"config.json", "log.txt"};
}

// Makes the directory asked for, or the first of runs/NAME, runs/NAME-2, ... that does not exist.
fs::path make_output(const std::string& wanted, const Settings& settings) {
  if (!wanted.empty()) {
    if (fs::exists(wanted) && !is_free(wanted)) {
      throw ConfigError(fmt::format("--output {} already exists and is not an empty directory", wanted),
                        "choose another name; nothing is overwritten");
    }
    create_writable_directory(wanted);
    return absolute_path(wanted);
  }
  const fs::path data = settings.data.path;
  const bool list = data.has_extension() && !fs::is_directory(data);
  const std::string name = (list ? data.parent_path() : data).filename().string();
  const fs::path runs = absolute_path("runs");
  create_writable_directory(runs);
  fs::path output = runs / name;
  // Making it also keeps it from another run that starts at the same moment.
  for (int k = 2; !fs::create_directory(output); ++k) output = runs / fmt::format("{}-{}", name, k);
  return output;
}

void warn_about_flips(const Settings& settings, const std::vector<std::string>& classes) {
  if (!settings.augment.enabled || settings.augment.horizontal_flip == 0) return;
  for (const auto& [one, other] : find_mirror_classes(classes)) {
    spdlog::warn("a mirror image of '{}' looks like '{}': set augment.horizontal_flip=0", one, other);
  }
}

// Fills the frame cache with every clip of the data set, and trains nothing.
ExitCode prepare(const RunArguments& arguments) {
  Settings settings = settings_of(arguments);
  const DataSplits splits = load_splits(settings);
  choose_cache(settings, splits);
  if (settings.data.cache == CacheMode::off) {
    throw ConfigError("data.cache: there is no frame cache to prepare",
                      "set data.cache to raw, jpeg or auto");
  }
  std::vector<ClipRef> clips = splits.train;
  for (const auto* more : {&splits.val, &splits.test}) clips.insert(clips.end(), more->begin(), more->end());
  const int threads = settings.threads > 0 ? settings.threads : available_cores();
  const auto start = std::chrono::steady_clock::now();
  ProgressLine line;
  const CacheFill fill = fill_cache(
      clips, *make_pipeline(settings, CacheUse::fill), threads, [&](std::int64_t done, std::uint64_t bytes) {
        const double seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        const double left = seconds / static_cast<double>(done) * static_cast<double>(clips.size() - done);
        line.show(fmt::format("{}/{} clips  {:.2f} GB  {} left", done, clips.size(),
                              static_cast<double>(bytes) / 1e9, format_duration(left)));
      });
  line.clear();
  fmt::print("{} of {} clips are in the frame cache {}, {:.2f} GB\n", fill.cached, clips.size(),
             cache_directory(settings.data).string(), static_cast<double>(fill.bytes) / 1e9);
  if (fill.errors.empty()) return ExitCode::ok;
  for (const std::string& error : fill.errors) spdlog::warn("{}", error);
  throw DataError(
      fmt::format("{} cannot be read", format_count(static_cast<std::int64_t>(fill.errors.size()), "clip")),
      "repair them or remove them from the data set");
}

ExitCode train_verb(const RunArguments& arguments, const std::string& wanted_output) {
  Settings settings = settings_of(arguments);
  if (settings.device != "auto") resolve_device(settings.device);  // a missing device leaves no run behind
  const DataSplits splits = load_splits(settings);
  warn_about_flips(settings, splits.classes);

  const fs::path output = make_output(wanted_output, settings);
  const DirectoryLock lock(output);
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
  auto only_prepare = std::make_shared<bool>(false);
  app.add_flag("--prepare", *only_prepare, "only fill the frame cache, to train from later");
  app.add_option("-o,--output", *output, "run directory to make; the default is a new one under runs/")
      ->type_name("DIR");
  return [=] { return *only_prepare ? prepare(*arguments) : train_verb(*arguments, *output); };
}

}  // namespace actrec
