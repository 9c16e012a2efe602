#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <opencv2/core.hpp>

#include "data/cache_directory.h"
#include "data/cached_clip.h"
#include "data/clip_ref.h"
#include "data/content_identity.h"

namespace actrec {

// Passes the frames of a clip to `add`, in order.
using FrameProducer = std::function<void(const std::function<void(const cv::Mat&)>& add)>;

// The frames of clips in a cache directory, a file for each clip (cached_clip.h). What decides the pixels
// names the file: the video's path, size and modification time, the clip's part of it, the frames' size and
// format. Files appear complete or not at all, and what a power cut may damage shows in a checksum. When the
// limit or the disk leaves no room, the cache takes no more clips and says so once. Safe to call from many
// threads at once.
class FrameCache {
 public:
  struct Options {
    std::filesystem::path directory;
    std::uint64_t limit_bytes = 0;
    int short_side = 0;  // of the frames, in pixels
    FrameFormat format;
  };

  // Throws Error when the directory cannot be used.
  explicit FrameCache(const Options& options);

  // The clip's frames; null where they are not in the cache.
  std::unique_ptr<CachedClip> find(const ClipRef& clip);
  // Stores the frames that `produce` passes on, and returns them; null where the cache takes no more, or the
  // video changes meanwhile. What `produce` throws goes on to the caller. Replaces the frames of the same
  // clip of a video that has changed.
  std::unique_ptr<CachedClip> store(const ClipRef& clip, const FrameProducer& produce);
  // Forgets the clip's frames, which have proved damaged.
  void remove(const ClipRef& clip);

  int short_side() const { return short_side_; }
  const FrameFormat& format() const { return format_; }

 private:
  std::filesystem::path file_of(const ClipRef& clip);

  CacheDirectory directory_;
  int short_side_;
  FrameFormat format_;
  ContentIdentities contents_;
  std::atomic<bool> full_{false};
};

}  // namespace actrec
