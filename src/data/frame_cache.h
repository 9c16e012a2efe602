#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <opencv2/core.hpp>
#include <string>
#include <unordered_map>

#include "config/settings.h"
#include "data/cached_clip.h"
#include "data/clip_ref.h"

namespace actrec {

// Where the frame cache is: data.cache_dir, else actrec/frames in $XDG_CACHE_HOME or ~/.cache; empty where
// neither variable is set.
std::filesystem::path cache_directory(const DataSettings& settings);

// What the files of the cache there take on disk; 0 where there is none.
std::uint64_t bytes_in_cache(const std::filesystem::path& directory);

// Passes the frames of a clip to `add`, in order.
using FrameProducer = std::function<void(const std::function<void(const cv::Mat&)>& add)>;

// A directory with a file for each clip that holds its frames (cached_clip.h). A file's name is a hash of all
// that decides the pixels: the video's path, size and modification time, the clip's part of it, the frames'
// size and format. So a file is right or it is not found, and runs may share the directory. Files appear
// complete or not at all, and what a power cut may damage shows in a checksum.
//
// When the limit is reached, files that nobody has used since this process started are removed, those unused
// longest first; when that is not enough, or the disk is full, the cache takes no more clips and says so
// once. Safe to call from many threads at once.
class FrameCache {
 public:
  struct Options {
    std::filesystem::path directory;
    std::uint64_t limit_bytes = 0;
    int short_side = 0;  // of the frames, in pixels
    FrameFormat format;
  };

  // Creates the directory and removes what killed processes left half-written. Throws Error when that fails.
  explicit FrameCache(Options options);

  // The clip's frames; null where they are not in the cache.
  std::unique_ptr<CachedClip> find(const ClipRef& clip);
  // Stores the frames that `produce` passes on, and returns them; null where the cache takes no more, or the
  // video changes meanwhile. What `produce` throws goes on to the caller. Replaces the frames of the same
  // clip of a video that has changed.
  std::unique_ptr<CachedClip> store(const ClipRef& clip, const FrameProducer& produce);
  // Forgets the clip's frames, which have proved damaged.
  void remove(const ClipRef& clip);

  const Options& options() const { return options_; }

 private:
  std::filesystem::path file_of(const ClipRef& clip);
  std::uint64_t content_identity(const std::filesystem::path& path);
  void make_room(std::uint64_t bytes);
  void remove_others_of(const std::filesystem::path& file);

  Options options_;
  std::filesystem::file_time_type start_;
  std::mutex mutex_;
  bool full_ = false;
  std::uint64_t total_bytes_ = 0;  // in the directory, as far as this process knows
  std::unordered_map<std::string, std::uint64_t> folder_identities_;
};

}  // namespace actrec
