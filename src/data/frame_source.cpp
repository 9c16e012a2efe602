#include "data/frame_source.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace actrec {

FrameSource::FrameSource(int short_side, const FrameFormat& format, FrameCheck check)
    : decoder_(short_side, check), format_(format) {}

FrameSource::FrameSource(std::shared_ptr<FrameCache> cache, CacheUse use, FrameCheck check)
    : decoder_(cache->short_side(), check), format_(cache->format()), cache_(std::move(cache)), use_(use) {}

std::unique_ptr<CachedClip> FrameSource::cached(const ClipRef& clip) {
  if (use_ == CacheUse::none) return nullptr;
  std::unique_ptr<CachedClip> found = cache_->find(clip);
  if (found || use_ == CacheUse::read) return found;
  return cache_->store(clip, [&](const auto& add) { decoder_.decode_all(clip, add); });
}

bool FrameSource::read_cached(const ClipRef& clip, const FrameChooser& choose, const FrameVisitor& visit) {
  // Twice, because a damaged file is made anew.
  for (int attempt = 0; attempt < 2; ++attempt) {
    const std::unique_ptr<CachedClip> file = cached(clip);
    if (!file) return false;
    const std::vector<std::int64_t> frames = choose(file->frame_count());
    if (std::all_of(frames.begin(), frames.end(), [&](std::int64_t i) { return file->intact(i); })) {
      static thread_local cv::Mat buffer;
      for (std::size_t k = 0; k < frames.size(); ++k) visit(k, file->frame(frames[k], buffer));
      return true;
    }
    spdlog::warn("the cached frames of clip '{}' are damaged; they are made anew", clip.name);
    cache_->remove(clip);
  }
  return false;
}

cv::Mat FrameSource::as_cached(const cv::Mat& frame) const {
  if (format_.encoding == FrameEncoding::raw) return frame;
  static thread_local std::vector<std::uint8_t> bytes;
  static thread_local cv::Mat buffer;
  encode_frame(frame, format_, bytes);
  return decode_frame(bytes.data(), bytes.size(), format_.encoding, frame.size(), buffer);
}

void FrameSource::read(const ClipRef& clip, const FrameChooser& choose, const FrameVisitor& visit) {
  if (read_cached(clip, choose, visit)) return;
  std::size_t position = 0;
  for (const cv::Mat& frame : decoder_.decode(clip, choose)) visit(position++, as_cached(frame));
}

void FrameSource::read_all(const ClipRef& clip, const FrameVisitor& visit) {
  const FrameChooser every = [](std::int64_t frame_count) {
    std::vector<std::int64_t> frames(static_cast<std::size_t>(frame_count));
    std::iota(frames.begin(), frames.end(), std::int64_t{0});
    return frames;
  };
  if (read_cached(clip, every, visit)) return;
  std::size_t position = 0;
  decoder_.decode_all(clip, [&](const cv::Mat& frame) { visit(position++, as_cached(frame)); });
}

std::uint64_t FrameSource::prepare(const ClipRef& clip) {
  const std::unique_ptr<CachedClip> file = cached(clip);
  return file ? file->bytes() : 0;
}

}  // namespace actrec
