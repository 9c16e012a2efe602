#include "core/process_layout.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <optional>

#include "core/error.h"

namespace actrec {
namespace {

constexpr int kMostProcesses = 65536;

// The first of these variables that is set.
std::optional<int> number(const Environment& environment, std::initializer_list<const char*> names, int low,
                          int high) {
  for (const char* name : names) {
    const char* const text = environment(name);
    if (text == nullptr) continue;
    const char* const end = text + std::strlen(text);
    int value = 0;
    const std::from_chars_result parsed = std::from_chars(text, end, value);
    if (parsed.ec != std::errc() || parsed.ptr != end || value < low || value > high) {
      throw ConfigError(
          fmt::format("the environment variable {}={} is not a number from {} to {}", name, text, low, high),
          "start the processes with torchrun or scripts/launch.sh, which set it, or unset it");
    }
    return value;
  }
  return std::nullopt;
}

[[noreturn]] void fail_without(const char* name) {
  throw ConfigError(fmt::format("the environment describes several processes, but {} is not set", name),
                    "start them with torchrun or scripts/launch.sh, which set it; to train with this process "
                    "alone, unset MASTER_ADDR and WORLD_SIZE");
}

}  // namespace

ProcessLayout process_layout() {
  return process_layout([](const char* name) { return std::getenv(name); });
}

ProcessLayout process_layout(const Environment& environment) {
  ProcessLayout layout;
  const char* const address = environment("MASTER_ADDR");
  const bool described = environment("WORLD_SIZE") != nullptr;
  if (address == nullptr && !described) return layout;

  const auto size =
      number(environment, {"WORLD_SIZE", "SLURM_NTASKS", "OMPI_COMM_WORLD_SIZE"}, 1, kMostProcesses);
  if (!size) fail_without("WORLD_SIZE");
  layout.size = *size;
  if (layout.size == 1) return layout;
  if (address == nullptr) fail_without("MASTER_ADDR");
  layout.address = address;
  layout.port = number(environment, {"MASTER_PORT"}, 1, 65535).value_or(layout.port);
  const auto rank = number(environment, {"RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK"}, 0, layout.size - 1);
  if (!rank) fail_without("RANK");
  layout.rank = *rank;
  layout.local_size =
      number(environment, {"LOCAL_WORLD_SIZE", "SLURM_NTASKS_PER_NODE", "OMPI_COMM_WORLD_LOCAL_SIZE"}, 1,
             layout.size)
          .value_or(1);
  layout.local_rank =
      number(environment, {"LOCAL_RANK", "SLURM_LOCALID", "OMPI_COMM_WORLD_LOCAL_RANK"}, 0, layout.size - 1)
          .value_or(0);
  const char* const agent_store = environment("TORCHELASTIC_USE_AGENT_STORE");
  layout.launcher_keeps_store = agent_store != nullptr && std::strcmp(agent_store, "True") == 0;
  layout.attempt =
      std::to_string(number(environment, {"TORCHELASTIC_RESTART_COUNT"}, 0, kMostProcesses).value_or(0));
  return layout;
}

}  // namespace actrec
