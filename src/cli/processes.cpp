#include "cli/processes.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "config/config_file.h"
#include "core/error.h"
#include "core/process_layout.h"
#include "core/text.h"
#include "engine/run_changes.h"

namespace actrec {
namespace {

constexpr double kPatience = 300;  // seconds longer than data.timeout_seconds

}  // namespace

std::unique_ptr<ProcessGroup> join_processes(const Settings& settings) {
  const ProcessLayout layout = process_layout();
  if (layout.rank > 0) spdlog::default_logger()->set_level(spdlog::level::warn);
  return std::make_unique<ProcessGroup>(layout, settings.data.timeout_seconds + kPatience);
}

void require_same_start(ProcessGroup& group, const Settings& settings, const DataSplits& splits) {
  if (group.alone()) return;
  const std::string own = settings_to_json(settings).dump();
  const Settings leading = settings_from_json(nlohmann::ordered_json::parse(group.broadcast(own)), "rank 0");
  std::vector<std::string> differences = changed_settings(leading, settings);
  const std::string clips = list_clips(splits);
  for (const std::string& change : changed_clips(group.broadcast(clips), clips))
    differences.push_back(change);
  // Every process hears of it, so that none waits for one that has ended.
  const std::vector<std::string> all = group.gather(join(differences, "; "));
  for (std::size_t rank = 0; rank < all.size(); ++rank) {
    if (all[rank].empty()) continue;
    throw ConfigError(
        fmt::format("rank {} was started with other settings or clips than rank 0: {}", rank, all[rank]),
        "start all processes with the same arguments and data");
  }
}

void require_one_process(const std::string& what) {
  if (process_layout().size == 1) return;
  throw ConfigError(fmt::format("{} is for one process, but the environment describes several", what),
                    "start it without torchrun or scripts/launch.sh, or unset WORLD_SIZE and MASTER_ADDR");
}

}  // namespace actrec
