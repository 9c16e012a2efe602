#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>

#include "cli/common.h"
#include "cli/run_directory.h"
#include "cli/verbs.h"
#include "core/directory_lock.h"
#include "core/error.h"
#include "core/logging.h"
#include "core/system.h"
#include "core/text.h"
#include "data/cache_directory.h"
#include "data/cache_fill.h"
#include "engine/resources.h"
#include "report/progress.h"
#include "report/results_text.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

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
  const std::shared_ptr<ClipPipeline> pipeline = make_pipeline(settings, CacheUse::fill);
  pipeline->bad_clips().expect("data set", clips);
  const CacheFill fill = fill_cache(clips, *pipeline, threads, [&](std::int64_t done, std::uint64_t bytes) {
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const double left = seconds / static_cast<double>(done) * static_cast<double>(clips.size() - done);
    line.show(fmt::format("{}/{} clips  {:.2f} GB  {} left", done, clips.size(),
                          static_cast<double>(bytes) / 1e9, format_duration(left)));
  });
  line.clear();
  fmt::print("{} of {} clips are in the frame cache {}, {:.2f} GB\n", fill.cached, clips.size(),
             cache_directory(settings.data).string(), static_cast<double>(fill.bytes) / 1e9);
  if (fill.errors.empty() || pipeline->bad_clips().skips()) return ExitCode::ok;
  for (const std::string& error : fill.errors) spdlog::warn("{}", error);
  throw DataError(
      fmt::format("{} cannot be read", format_count(static_cast<std::int64_t>(fill.errors.size()), "clip")),
      "repair them or remove them from the data set");
}

ExitCode train_verb(const RunArguments& arguments, const std::string& wanted_output) {
  Settings settings = settings_of(arguments);
  if (settings.device != "auto") resolve_device(settings.device);  // a missing device leaves no run behind
  DataSplits splits = load_splits(settings);
  audit_leakage(settings, splits);
  warn_about_flips(settings, splits.classes);

  const fs::path output = make_output(wanted_output, name_of_data(settings.data.path));
  const DirectoryLock lock(output);
  add_log_file(output / "log.txt");
  spdlog::info("run directory: {}", output.string());
  const TrainingSummary summary = run_training(settings, splits, output);
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
