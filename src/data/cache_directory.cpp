#include "data/cache_directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <regex>
#include <utility>
#include <vector>

#include "core/atomic_file.h"
#include "core/random.h"
#include "core/system.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

// A writer touches its temporary file far more often; an older one has lost its process.
constexpr std::chrono::hours kAbandoned{1};

struct CacheFile {
  fs::path path;
  std::uint64_t bytes = 0;
  fs::file_time_type used;
};

// Calls visit(path, is_temporary) for each file of the cache in the folder of a cache directory that is named
// after the first two digits of its files. The user may keep other files there, which are none of ours.
template <typename Visit>
void for_each_file_in(const fs::path& folder, const Visit& visit) {
  static const std::regex ours("[0-9a-f]{16}-[0-9a-f]{16}\\.(frames|features)(\\.[0-9-]+\\.tmp)?");
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::smatch match;
    const std::string name = entry->path().filename().string();
    if (std::regex_match(name, match, ours)) visit(entry->path(), match[2].matched);
  }
}

template <typename Visit>
void for_each_file(const fs::path& directory, const Visit& visit) {
  for (int i = 0; i < 256; ++i) for_each_file_in(directory / fmt::format("{:02x}", i), visit);
}

std::vector<CacheFile> list_files(const fs::path& directory) {
  std::vector<CacheFile> files;
  for_each_file(directory, [&](const fs::path& path, bool is_temporary) {
    std::error_code gone;  // others may remove files meanwhile
    CacheFile file{path, fs::file_size(path, gone), fs::last_write_time(path, gone)};
    if (!gone && !is_temporary) files.push_back(std::move(file));
  });
  return files;
}

std::uint64_t total_size(const std::vector<CacheFile>& files) {
  std::uint64_t total = 0;
  for (const CacheFile& file : files) total += file.bytes;
  return total;
}

void remove_abandoned(const fs::path& directory) {
  const auto now = fs::file_time_type::clock::now();
  for_each_file(directory, [&](const fs::path& path, bool is_temporary) {
    std::error_code gone;
    const auto written = fs::last_write_time(path, gone);
    if (is_temporary && !gone && now - written > kAbandoned) fs::remove(path, gone);
  });
}

}  // namespace

fs::path cache_directory(const DataSettings& settings) {
  if (!settings.cache_dir.empty()) return settings.cache_dir;
  const fs::path directory = user_cache_directory();
  return directory.empty() ? fs::path() : directory / "frames";
}

std::uint64_t bytes_in_cache(const fs::path& directory) { return total_size(list_files(directory)); }

CacheDirectory::CacheDirectory(fs::path directory, std::uint64_t limit_bytes)
    : directory_(std::move(directory)), limit_bytes_(limit_bytes) {
  create_writable_directory(directory_);
  // The clock of files may be a little behind.
  start_ = fs::file_time_type::clock::now() - std::chrono::seconds(1);
  remove_abandoned(directory_);
  total_bytes_ = bytes_in_cache(directory_);
}

fs::path CacheDirectory::file(std::string_view what, std::uint64_t content, std::string_view kind) const {
  const std::string name = fmt::format("{:016x}-{:016x}.{}", stable_hash(what), content, kind);
  return directory_ / name.substr(0, 2) / name;
}

void CacheDirectory::touch(const fs::path& file) const {
  // The modification time tells when a file was last used; once for each process is enough.
  std::error_code refused;
  if (fs::last_write_time(file, refused) < start_ && !refused)
    fs::last_write_time(file, fs::file_time_type::clock::now(), refused);
}

void CacheDirectory::make_room(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (total_bytes_ + bytes <= limit_bytes_) return;
  std::vector<CacheFile> files = list_files(directory_);
  total_bytes_ = total_size(files);  // other processes have been at work, too
  std::sort(files.begin(), files.end(),
            [](const CacheFile& a, const CacheFile& b) { return a.used < b.used; });
  for (const CacheFile& file : files) {
    // A little more than needed, so that not every file has to look for room.
    if (total_bytes_ + bytes <= limit_bytes_ - limit_bytes_ / 20 || file.used >= start_) break;
    std::error_code refused;
    if (fs::remove(file.path, refused)) total_bytes_ -= file.bytes;
  }
  if (total_bytes_ + bytes > limit_bytes_) {
    throw NotStored{fmt::format("it has reached its limit of {:.3g} GB (data.cache_gb)",
                                static_cast<double>(limit_bytes_) / 1e9)};
  }
}

void CacheDirectory::added(const fs::path& file, std::uint64_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    total_bytes_ += bytes;
  }
  const std::string name = file.filename().string();
  const std::string prefix = name.substr(0, name.find('-') + 1);
  for_each_file_in(file.parent_path(), [&](const fs::path& path, bool is_temporary) {
    std::error_code gone;
    const std::string other = path.filename().string();
    if (!is_temporary && other != name && other.compare(0, prefix.size(), prefix) == 0)
      fs::remove(path, gone);
  });
}

}  // namespace actrec
