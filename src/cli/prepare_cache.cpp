#include "cli/prepare_cache.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

#include "core/clock.h"
#include "core/error.h"
#include "core/system.h"
#include "core/text.h"
#include "data/cache_directory.h"
#include "data/cache_fill.h"
#include "engine/shared_bad_clips.h"
#include "report/progress.h"

namespace actrec {
namespace {

// Those of all processes, by rank.
CacheFill add_up(const CacheFill& own, ProcessGroup& group) {
  const nlohmann::json told{
      {"cached", own.cached}, {"bytes", own.bytes}, {"errors", own.errors}, {"hint", own.hint}};
  std::string text;
  nlohmann::json::to_cbor(told, text);  // names of files may be any bytes
  CacheFill sum;
  for (const std::string& of_one : group.gather(text)) {
    const nlohmann::json part = nlohmann::json::from_cbor(of_one);
    sum.cached += part["cached"].get<std::int64_t>();
    sum.bytes += part["bytes"].get<std::uint64_t>();
    if (sum.errors.empty()) sum.hint = part["hint"].get<std::string>();
    for (const nlohmann::json& error : part["errors"]) sum.errors.push_back(error.get<std::string>());
  }
  return sum;
}

}  // namespace

void prepare_cache(const Settings& settings, const DataSplits& splits, ProcessGroup& group) {
  if (settings.data.cache == CacheMode::off) {
    throw ConfigError("data.cache: there is no frame cache to prepare",
                      "set data.cache to raw, jpeg or auto");
  }
  std::vector<ClipRef> clips = splits.train;
  for (const auto* more : {&splits.val, &splits.test}) clips.insert(clips.end(), more->begin(), more->end());
  const std::vector<ClipRef> part = part_of(clips, group.shard());
  const int threads = settings.threads > 0 ? settings.threads : available_cores();
  const auto start = Clock::now();
  ProgressLine line;
  const std::shared_ptr<ClipPipeline> pipeline = make_pipeline(settings, CacheUse::fill);
  pipeline->bad_clips().expect("data set", clips);
  const auto show = [&](std::int64_t done, std::uint64_t bytes) {
    if (!group.leads()) return;
    const double left =
        seconds_since(start) / static_cast<double>(done) * static_cast<double>(part.size() - done);
    line.show(fmt::format("{}/{} clips  {:.2f} GB  {} left", done, part.size(),
                          static_cast<double>(bytes) / 1e9, format_duration(left)));
  };
  const CacheFill fill =
      add_up(fill_cache(part, pipeline, threads, settings.data.timeout_seconds, show), group);
  share_bad_clips(pipeline->bad_clips(), group);
  line.clear();
  if (group.leads()) {
    fmt::print("{} of {} clips are in the frame cache {}, {:.2f} GB\n", fill.cached, clips.size(),
               cache_directory(settings.data).string(), static_cast<double>(fill.bytes) / 1e9);
  }
  if (fill.errors.empty() || pipeline->bad_clips().skips()) return;
  if (group.leads()) {
    for (const std::string& error : fill.errors) spdlog::warn("{}", error);
  }
  throw DataError(
      fmt::format("{} cannot be read", format_count(static_cast<std::int64_t>(fill.errors.size()), "clip")),
      "repair them or remove them from the data set");
}

}  // namespace actrec
