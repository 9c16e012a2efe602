#include "core/free_space.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>

namespace actrec {
namespace {

namespace fs = std::filesystem;

std::optional<double> number_in(const char* path) {
  std::ifstream file(path);
  double number = 0;
  if (file >> number) return number;
  return std::nullopt;  // "max", or no such file
}

// The memory limit of the container; nothing where it has none. It sees its own cgroup at the root.
std::optional<double> container_limit() {
  if (const auto limit = number_in("/sys/fs/cgroup/memory.max")) return limit;
  return number_in("/sys/fs/cgroup/memory/memory.limit_in_bytes");
}

}  // namespace

double available_memory_bytes() {
  std::ifstream file("/proc/meminfo");
  double available = 0;
  for (std::string key; file >> key;) {
    double kilobytes = 0;
    if (key == "MemAvailable:" && file >> kilobytes) available = 1024 * kilobytes;
    file.ignore(1000, '\n');
  }
  // What a container counts as used includes files that it would give back, so only this process is counted.
  const std::optional<double> limit = container_limit();
  return limit ? std::min(available, std::max(0.0, *limit - resident_bytes())) : available;
}

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double pages = 0, resident = 0;
  file >> pages >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGE_SIZE));
}

double free_disk_bytes(fs::path path) {
  std::error_code error;
  path = fs::absolute(path, error);
  while (!fs::exists(path, error) && path.has_parent_path() && path != path.parent_path())
    path = path.parent_path();
  const fs::space_info space = fs::space(path, error);
  return error ? 0 : static_cast<double>(space.available);
}

}  // namespace actrec
