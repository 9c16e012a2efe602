#include "core/system.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <sstream>
#include <thread>
#include <utility>

namespace actrec {
namespace {

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// A container sees its own cgroup at the root of the file system's. Version 1 has a file for each number.
std::optional<int> container_quota() {
  if (const auto cores = quota_cores(first_line("/sys/fs/cgroup/cpu.max"))) return cores;
  return quota_cores(first_line("/sys/fs/cgroup/cpu/cpu.cfs_quota_us") + " " +
                     first_line("/sys/fs/cgroup/cpu/cpu.cfs_period_us"));
}

// What /proc/cpuinfo says of the first processor; empty where it does not.
std::string processor_fact(const std::string& name) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.compare(0, name.size(), name) == 0 && colon != std::string::npos) return line.substr(colon + 2);
  }
  return {};
}

}  // namespace

int available_cores() {
  cpu_set_t mask;
  // Fails on machines of more than 1024 cores: the mask has no room for them.
  const bool known = sched_getaffinity(0, sizeof(mask), &mask) == 0;
  const int allowed = known ? CPU_COUNT(&mask) : static_cast<int>(std::thread::hardware_concurrency());
  return std::max(1, std::min(allowed, container_quota().value_or(allowed)));
}

std::optional<int> quota_cores(const std::string& cpu_max) {
  std::istringstream text(cpu_max);
  std::int64_t quota = 0, period = 0;
  if (!(text >> quota >> period) || quota <= 0 || period <= 0) return std::nullopt;
  const std::int64_t cores = quota / period + (quota % period > 0 ? 1 : 0);
  return static_cast<int>(std::min<std::int64_t>(cores, std::numeric_limits<int>::max()));
}

double total_memory_bytes() {
  return static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGE_SIZE));
}

double peak_rss_mb() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

std::filesystem::path user_cache_directory() {
  for (const auto& [variable, below] : {std::pair{"XDG_CACHE_HOME", "actrec"}, {"HOME", ".cache/actrec"}}) {
    const char* value = std::getenv(variable);
    if (value != nullptr && *value != '\0') return std::filesystem::path(value) / below;
  }
  return {};
}

std::string processor_name() { return processor_fact("model name"); }

std::vector<std::string> processor_features() {
  const std::string flags = " " + processor_fact("flags") + " ";
  std::vector<std::string> features;
  for (const char* feature : {"avx2", "avx512f", "avx512_bf16", "amx_bf16"}) {
    if (flags.find(fmt::format(" {} ", feature)) != std::string::npos) features.push_back(feature);
  }
  return features;
}

void lower_thread_priority() {
  const auto thread = static_cast<id_t>(::syscall(SYS_gettid));
  // A refusal only costs speed.
  (void)::setpriority(PRIO_PROCESS, thread, 10);
}

}  // namespace actrec
