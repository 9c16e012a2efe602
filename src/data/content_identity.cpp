#include "data/content_identity.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "core/random.h"
#include "data/frame_folder.h"

namespace actrec {
namespace {

namespace fs = std::filesystem;

// Size and modification time, to the nanosecond; empty where there is no file, which decoding will report.
std::string state_of(const fs::path& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return fmt::format("{} {}.{:09}", status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

}  // namespace

std::uint64_t ContentIdentities::of(const fs::path& video) {
  std::error_code error;
  if (!fs::is_directory(video, error)) return stable_hash(state_of(video));
  // Looking at every image again for each read would take longer than reading the cached frames.
  const std::lock_guard lock(mutex_);
  const auto [known, is_new] = folders_.try_emplace(video.string(), 0);
  if (is_new) {
    std::string states;
    for (const fs::path& image : numbered_frames(video))
      states += image.filename().string() + ' ' + state_of(image) + '\n';
    known->second = stable_hash(states);
  }
  return known->second;
}

}  // namespace actrec
