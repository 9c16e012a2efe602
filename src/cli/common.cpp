#include "cli/common.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "config/config_file.h"
#include "core/error.h"
#include "core/system.h"
#include "core/text.h"
#include "data/cache_directory.h"
#include "data/cache_plan.h"
#include "data/dataset_index.h"
#include "data/leakage.h"
#include "data/manifest.h"
#include "data/mirror_classes.h"

namespace actrec {

namespace fs = std::filesystem;

void add_data_arguments(CLI::App& app, RunArguments& arguments) {
  app.add_option("source", arguments.source, "a configuration (.json), or a data set: a folder or a list")
      ->required()
      ->type_name("CONFIG|DATA");
  app.add_option("--set", arguments.overrides, "change a setting, for example --set train.epochs=20")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}

void add_run_arguments(CLI::App& app, RunArguments& arguments) {
  add_data_arguments(app, arguments);
  app.add_option("--device", arguments.device, "auto, cpu, cuda or cuda:N");
}

fs::path absolute_path(const std::string& path) { return fs::absolute(path).lexically_normal(); }

Settings settings_of(const fs::path& file, const std::vector<std::string>& overrides) {
  return load_settings({file, overrides});
}

Settings settings_of(const RunArguments& arguments) {
  std::vector<std::string> overrides = arguments.overrides;
  if (!arguments.device.empty()) overrides.push_back("device=" + arguments.device);
  const fs::path source = arguments.source;
  if (to_lower(source.extension().string()) == ".json") return settings_of(source, overrides);
  if (!fs::exists(source)) {
    throw DataError(fmt::format("{} does not exist", source.string()),
                    "give a configuration (.json), a folder of clips, or a list of clips (.csv)");
  }
  overrides.insert(overrides.begin(), "data.path=" + arguments.source);
  return settings_of(fs::path(), overrides);
}

void add_inference_options(CLI::App& app, InferenceOptions& options) {
  app.add_option("--device", options.device, "auto (the default), cpu, cuda or cuda:N");
  app.add_option("--sampling", options.sampling,
                 "frames to use: segment, dense or all; the default is as trained");
  app.add_option("--clips", options.clips,
                 "average so many temporal clips of a clip (augment.test_clips); the default is as trained")
      ->type_name("N")
      ->check(CLI::Range(1, 100));
  app.add_option("--views", options.views,
                 "average so many views of each (augment.test_views); the default is as trained")
      ->type_name("N")
      ->check(CLI::Range(1, 1000));
}

void apply(const InferenceOptions& options, Settings& settings) {
  nlohmann::ordered_json document = settings_to_json(settings);
  document["device"] = options.device.empty() ? "auto" : options.device;
  document["threads"] = 0;
  document["data"]["workers"] = -1;
  if (!options.sampling.empty()) document["clip"]["sampling"] = options.sampling;
  if (options.clips > 0) document["augment"]["test_clips"] = options.clips;
  if (options.views > 0) document["augment"]["test_views"] = options.views;
  settings = settings_from_json(document, "the command line");
}

DatasetIndex load_index(const Settings& settings) {
  if (settings.data.path.empty()) {
    throw ConfigError("data.path: no data set is given",
                      "set data.path in the configuration or with --set data.path=PATH");
  }
  return read_dataset(settings.data);
}

DataSplits load_splits(const Settings& settings) { return load_splits(settings, load_index(settings)); }

DataSplits load_splits(const Settings& settings, const DatasetIndex& index) {
  DataSplits splits = make_splits(index, settings.data.split, settings.train.seed);
  spdlog::info("data: {} of {} classes, {} ({}); train {}, val {}, test {}",
               format_count(static_cast<std::int64_t>(index.clips.size()), "clip"), index.classes.size(),
               index.format, splits.method, splits.train.size(), splits.val.size(), splits.test.size());
  return splits;
}

void audit_leakage(const Settings& settings, DataSplits& splits) {
  constexpr std::size_t kMostLines = 10;
  Manifest manifest(manifest_file(settings.data));
  const int threads = settings.threads > 0 ? settings.threads : available_cores();
  const LeakAudit audit = audit_splits(splits, manifest, threads);
  splits.leakage = audit.verdict();
  if (!audit.leaking()) {
    spdlog::info("leakage: {}", splits.leakage);
    return;
  }
  spdlog::warn("{}, so results may be too good", splits.leakage);
  for (std::size_t i = 0; i < std::min(kMostLines, audit.leaks.size()); ++i)
    spdlog::warn("  {}", leak_text(audit.leaks[i]));
  if (audit.leaks.size() > kMostLines)
    spdlog::warn("  and {} more; `actrec check --json` lists them", audit.leaks.size() - kMostLines);
}

void warn_about_flips(const Settings& settings, const std::vector<std::string>& classes) {
  if (!settings.augment.enabled || settings.augment.horizontal_flip == 0) return;
  for (const auto& [one, other] : find_mirror_classes(classes)) {
    spdlog::warn("a mirror image of '{}' looks like '{}': set augment.horizontal_flip=0", one, other);
  }
}

void choose_cache(Settings& settings, const DataSplits& splits) {
  std::vector<ClipRef> clips = splits.train;
  clips.insert(clips.end(), splits.val.begin(), splits.val.end());
  choose_cache(settings, clips);
}

void choose_cache(Settings& settings, const std::vector<ClipRef>& clips) {
  const CachePlan plan = plan_cache(settings, clips);
  settings.data.cache = plan.mode;
  const std::string place =
      plan.mode == CacheMode::off ? "" : " in " + cache_directory(settings.data).string();
  spdlog::info("frame cache: {}{} ({})", Names<CacheMode>::kSpellings[static_cast<std::size_t>(plan.mode)],
               place, plan.reason);
}

}  // namespace actrec
