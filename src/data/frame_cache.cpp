#include "data/frame_cache.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <regex>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/random.h"
#include "core/system.h"
#include "data/frame_folder.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

// A writer touches its temporary file far more often; an older one has lost its process.
constexpr std::chrono::hours kAbandoned{1};
// How many bytes a clip being written may grow between two looks at the limit.
constexpr std::uint64_t kStride = 64ULL << 20;
// Raise when decoding, reducing or encoding frames begins to give other pixels.
constexpr int kPixelVersion = 1;

// Why a clip cannot be stored, which is no error: it is decoded each time.
struct NotStored {
  std::string reason;
};

// Runs `write`, whose errors are about the cache's files.
template <typename Write>
auto writing(const Write& write) {
  try {
    return write();
  } catch (const Error& error) {
    throw NotStored{error.what()};
  }
}

struct CacheFile {
  fs::path path;
  std::uint64_t bytes = 0;
  fs::file_time_type used;
};

// Calls visit(path, is_temporary) for each file of the cache in the folder of a cache directory that is named
// after the first two digits of its files. The user may keep other files there, which are none of ours.
template <typename Visit>
void for_each_file_in(const fs::path& folder, const Visit& visit) {
  static const std::regex ours("[0-9a-f]{16}-[0-9a-f]{16}\\.frames(\\.[0-9-]+\\.tmp)?");
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::smatch match;
    const std::string name = entry->path().filename().string();
    if (std::regex_match(name, match, ours)) visit(entry->path(), match[1].matched);
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

// Size and modification time, to the nanosecond; empty where there is no file, which decoding will report.
std::string state_of(const fs::path& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return fmt::format("{} {}.{:09}", status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

}  // namespace

fs::path cache_directory(const DataSettings& settings) {
  if (!settings.cache_dir.empty()) return settings.cache_dir;
  const fs::path directory = user_cache_directory();
  return directory.empty() ? fs::path() : directory / "frames";
}

std::uint64_t bytes_in_cache(const fs::path& directory) { return total_size(list_files(directory)); }

FrameCache::FrameCache(Options options) : options_(std::move(options)) {
  create_writable_directory(options_.directory);
  // The clock of files may be a little behind.
  start_ = fs::file_time_type::clock::now() - std::chrono::seconds(1);
  remove_abandoned(options_.directory);
  total_bytes_ = bytes_in_cache(options_.directory);
}

std::uint64_t FrameCache::content_identity(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return stable_hash(state_of(path));
  // Looking at every image again for each read would take longer than reading the cached frames.
  const std::lock_guard lock(mutex_);
  const auto [known, is_new] = folder_identities_.try_emplace(path.string(), 0);
  if (is_new) {
    std::string states;
    for (const fs::path& image : numbered_frames(path))
      states += image.filename().string() + ' ' + state_of(image) + '\n';
    known->second = stable_hash(states);
  }
  return known->second;
}

fs::path FrameCache::file_of(const ClipRef& clip) {
  const std::string clip_key = fmt::format(
      "{}\n{}\n{}\n{}\n{}\n{} {}", kPixelVersion, fs::absolute(clip.path).lexically_normal().string(),
      clip.begin_seconds, clip.end_seconds, options_.short_side, static_cast<int>(options_.format.encoding),
      options_.format.encoding == FrameEncoding::jpeg ? options_.format.quality : 0);
  const std::string name =
      fmt::format("{:016x}-{:016x}.frames", stable_hash(clip_key), content_identity(clip.path));
  return options_.directory / name.substr(0, 2) / name;
}

std::unique_ptr<CachedClip> FrameCache::find(const ClipRef& clip) {
  const fs::path file = file_of(clip);
  std::unique_ptr<CachedClip> found = CachedClip::open(file, options_.format.encoding);
  if (!found) return nullptr;
  // The modification time tells when a file was last used; once for each process is enough.
  std::error_code refused;
  if (fs::last_write_time(file, refused) < start_ && !refused)
    fs::last_write_time(file, fs::file_time_type::clock::now(), refused);
  return found;
}

std::unique_ptr<CachedClip> FrameCache::store(const ClipRef& clip, const FrameProducer& produce) {
  {
    const std::lock_guard lock(mutex_);
    if (full_) return nullptr;
  }
  const fs::path file = file_of(clip);
  try {
    writing([&] { create_writable_directory(file.parent_path()); });
    auto writer = writing([&] { return std::make_unique<CachedClipWriter>(file, options_.format); });
    std::uint64_t checked = 0;
    produce([&](const cv::Mat& frame) {
      if (writer->bytes() >= checked) {
        make_room(writer->bytes());
        checked = writer->bytes() + kStride;
      }
      writing([&] { writer->add(frame); });
    });
    if (file_of(clip) != file) return nullptr;  // the video has changed while it was read
    make_room(writer->bytes());
    writing([&] { writer->publish(); });
    const std::lock_guard lock(mutex_);
    total_bytes_ += writer->bytes();
  } catch (const NotStored& problem) {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(full_, true)) {
      spdlog::warn("the frame cache takes no more clips: {}; the others are decoded each time",
                   problem.reason);
    }
    return nullptr;
  }
  remove_others_of(file);
  return CachedClip::open(file, options_.format.encoding);
}

void FrameCache::remove(const ClipRef& clip) {
  std::error_code gone;
  fs::remove(file_of(clip), gone);
}

void FrameCache::make_room(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t limit = options_.limit_bytes;
  if (total_bytes_ + bytes <= limit) return;
  std::vector<CacheFile> files = list_files(options_.directory);
  total_bytes_ = total_size(files);  // other processes have been at work, too
  std::sort(files.begin(), files.end(),
            [](const CacheFile& a, const CacheFile& b) { return a.used < b.used; });
  for (const CacheFile& file : files) {
    // A little more than needed, so that not every clip has to look for room.
    if (total_bytes_ + bytes <= limit - limit / 20 || file.used >= start_) break;
    std::error_code refused;
    if (fs::remove(file.path, refused)) total_bytes_ -= file.bytes;
  }
  if (total_bytes_ + bytes > limit) {
    throw NotStored{fmt::format("it has reached its limit of {:.3g} GB (data.cache_gb)",
                                static_cast<double>(limit) / 1e9)};
  }
}

void FrameCache::remove_others_of(const fs::path& file) {
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
